import { createHash } from 'node:crypto';

import { GetCommand } from '@aws-sdk/lib-dynamodb';

import { Conflict } from '../errors.js';
import type { Input, Key, Table } from '../types/index.js';
import { caseless } from './caseless.js';
import type { Database } from './database.js';
import { NOTHING } from './items.js';
import type { Step } from './transaction.js';
import { InTheWay } from './writes.js';

/**
 * DynamoDB has no unique indexes. A value that must be unique is therefore claimed by an item whose key is derived from
 * the value; the claim is written in the same transaction as the record, and only if nobody holds it.
 */
export interface Claim {
  readonly key: string;
  readonly fields: readonly string[];
}

/** The steps that make the claims of `after` and give up those of `before`, leaving alone what stays the same. */
export function moveClaims(database: Database, table: Table, before: Input, after: Input): Step[] {
  const held = claims(table, before);
  const wanted = claims(table, after);
  const owner = (after[table.primaryKey] ?? before[table.primaryKey]) as Key;
  return [
    ...without(wanted, held).map((claim) => take(database, table, claim, owner)),
    ...without(held, wanted).map((claim) => release(database, claim)),
  ];
}

/** The key of the record that has these values, which no two have together. */
export async function holder(database: Database, table: Table, values: Input): Promise<Key | undefined> {
  const fields = table.unique.find((names) => names.length === Object.keys(values).length && names.every((name) => Object.hasOwn(values, name)));
  if (fields === undefined) throw new Error(`${Object.keys(values).join(' and ')} are not unique in ${table.name}`);
  return ownerOf(database, claimKey(table, fields, values));
}

export async function ownerOf(database: Database, key: string): Promise<Key | undefined> {
  const { Item } = await database.documents.send(
    new GetCommand({ TableName: database.systemTable, Key: { key }, ConsistentRead: true }),
  );
  return Item?.owner as Key | undefined;
}

export function claims(table: Table, record: Input): Claim[] {
  return table.unique
    .filter((fields) => fields.every((field) => record[field] !== undefined && record[field] !== null))
    .map((fields) => ({ fields, key: claimKey(table, fields, record) }));
}

function claimKey(table: Table, fields: readonly string[], record: Input): string {
  const values = JSON.stringify(fields.map((field) => comparable(table, field, record[field])));
  return `unique ${table.name} ${fields.join(' ')} ${createHash('sha256').update(values).digest('hex')}`;
}

function comparable({ caseInsensitive }: Table, field: string, value: unknown): unknown {
  if (typeof value !== 'string' || !caseInsensitive.includes(field)) return value;
  return caseless(value);
}

function without(claims: readonly Claim[], others: readonly Claim[]): Claim[] {
  return claims.filter(({ key }) => !others.some((other) => other.key === key));
}

export function take(database: Database, table: Table, { key, fields }: Claim, owner: Key): Step {
  return {
    write: {
      Put: {
        TableName: database.systemTable,
        Item: { key, owner },
        ConditionExpression: 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': 'key' },
      },
    },
    refusal: () => new InTheWay('rival', taken(fields), table, () => ownerOf(database, key)),
  };
}

/**
 * The steps that give up the claims of `before`, without those of `after`. Others may have its values, where it is as an
 * earlier version left it.
 */
export async function releaseHeld(database: Database, table: Table, before: Input, after: Input = NOTHING): Promise<Step[]> {
  const steps: Step[] = [];
  for (const claim of without(claims(table, before), claims(table, after))) {
    if ((await ownerOf(database, claim.key)) === before[table.primaryKey]) steps.push(release(database, claim));
  }
  return steps;
}

function release(database: Database, { key }: Claim): Step {
  return {
    write: { Delete: { TableName: database.systemTable, Key: { key } } },
    refusal: () => new Error('unreachable'),
  };
}

function taken(fields: readonly string[]): Conflict {
  const names = fields.map((field) => `"${field}"`).join(' and ');
  const message = `Another record has the same ${names}`;
  return new Conflict(
    `${message}.`,
    fields.map((field) => ({ field, message })),
  );
}
