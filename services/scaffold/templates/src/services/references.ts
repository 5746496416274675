import { GetCommand } from '@aws-sdk/lib-dynamodb';

import { ValidationFailed, type Detail } from '../errors.js';
import { tables } from '../models/index.js';
import type { Dependant, Input, Key, Reference, Table } from '../types/index.js';
import type { Database } from './database.js';
import { MARK, NOTHING, hashed } from './items.js';
import { itemsUnder } from './system.js';
import type { Step } from './transaction.js';
import { InTheWay } from './writes.js';

/**
 * Each reference has an item of its own under what it refers to, in the table `system-references`: it is written in the
 * same transaction as the record, and found by a read that is never out of date, as an index may be.
 */

/**
 * The steps for references of `after` that differ from those of `before`: that what they refer to exists and is not
 * being deleted, and their items. Those that are as in `given` are known to lead somewhere.
 */
export function moveReferences(database: Database, table: Table, before: Input, after: Input, given: Input = NOTHING): Step[] {
  const key = (after[table.primaryKey] ?? before[table.primaryKey]) as Key;
  const checks = new Map<string, Step>();
  const items: Step[] = [];
  for (const reference of table.references) {
    const [old, value] = [valueOf(reference, before), valueOf(reference, after)];
    if (old === value) continue;
    if (old !== undefined) items.push(dropItem(database, table, reference, old, key));
    if (value === undefined) continue;
    items.push(putItem(database, table, reference, value, key));
    // A transaction may touch an item only once, though two fields may refer to it, or it may refer to itself.
    const parent = parentOf(reference.table, value);
    if (parent === parentOf(table.name, key) || given[reference.field] === value || checks.has(parent)) continue;
    checks.set(parent, exists(database, reference, value));
  }
  return [...checks.values(), ...items];
}

/** The keys of the records that refer to a record by a field, in pages. */
export async function* referring(
  database: Database,
  table: Table,
  key: Key,
  { table: child, field }: Dependant,
  limit?: number,
): AsyncGenerator<Key[]> {
  for await (const page of itemsUnder(database, parentOf(table.name, key), `${child} ${field} `, limit)) {
    yield page.map((item) => item.key as Key);
  }
}

/** Whether every reference of a record has its item. */
export async function isNoted(database: Database, table: Table, record: Input): Promise<boolean> {
  for (const reference of table.references) {
    const value = valueOf(reference, record);
    if (value === undefined) continue;
    const Key = placeOf(table, reference, value, record[table.primaryKey] as Key);
    const { Item } = await database.documents.send(
      new GetCommand({ TableName: database.referencesTable, Key, ConsistentRead: true }),
    );
    if (Item === undefined) return false;
  }
  return true;
}

/** Whether an item of the references is of one of a record's, which it has at present. */
export function isNoteOf(table: Table, record: Input, { parent, child }: Input): boolean {
  return table.references.some((reference) => {
    const value = valueOf(reference, record);
    const place = value === undefined ? undefined : placeOf(table, reference, value, record[table.primaryKey] as Key);
    return place?.parent === parent && place?.child === child;
  });
}

function valueOf({ field }: Reference, record: Input): Key | undefined {
  return (record[field] ?? undefined) as Key | undefined;
}

/** Keys of records may be longer than those of this table. */
function parentOf(table: string, key: Key): string {
  return `${table} ${hashed(key)}`;
}

function placeOf(table: Table, { field, table: target }: Reference, value: Key, key: Key) {
  return { parent: parentOf(target, value), child: `${table.name} ${field} ${hashed(key)}` };
}

function putItem(database: Database, table: Table, reference: Reference, value: Key, key: Key): Step {
  return {
    write: { Put: { TableName: database.referencesTable, Item: { ...placeOf(table, reference, value, key), key } } },
    refusal: () => new Error('unreachable'),
  };
}

function dropItem(database: Database, table: Table, reference: Reference, value: Key, key: Key): Step {
  return {
    write: { Delete: { TableName: database.referencesTable, Key: placeOf(table, reference, value, key) } },
    refusal: () => new Error('unreachable'),
  };
}

function exists(database: Database, { field, table: target, key }: Reference, value: Key): Step {
  const refusal = new ValidationFailed([missingReference(field, target)]);
  return {
    write: {
      ConditionCheck: {
        TableName: database.tableName(target),
        Key: { [key]: value },
        ConditionExpression: 'attribute_exists(#key) AND attribute_not_exists(#mark)',
        ExpressionAttributeNames: { '#key': key, '#mark': MARK },
      },
    },
    refusal: () => new InTheWay('parent', refusal, tables[target]!, () => Promise.resolve(value)),
  };
}

export function missingReference(field: string, target: string): Detail {
  return { field, message: `"${field}" refers to nothing in ${target}` };
}
