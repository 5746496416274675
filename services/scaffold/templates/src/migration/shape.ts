/** What the records of a database must be like for a version of the code. */
import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import { evolution } from '../models/evolution.js';
import { tables } from '../models/index.js';
import type { Database } from '../services/database.js';
import { shardsOf } from '../services/items.js';
import type { Table } from '../types/index.js';
import type { Renamed } from './fields.js';
import { own } from './own.js';

export interface TableShape {
  /** Its name and its type in DynamoDB, which never change. */
  readonly primaryKey: string;
  /** The type of each, as `DECIMAL 2` for one of two digits; of secrets, how they are kept. The timestamps are there, too. */
  readonly fields: Readonly<Record<string, string>>;
  readonly required: readonly string[];
  /** What versions before there was such a note leave out. */
  readonly renamed?: Renamed;
  /** Each set of fields, with those whose case does not count. */
  readonly unique: readonly string[];
  readonly references: readonly string[];
  /** Each with its keys and their types in DynamoDB. */
  readonly indexes: readonly string[];
}

export type Shape = Readonly<Record<string, TableShape>>;

/** The type that a field is stored with, by table and field. */
export type Types = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The shape that this code needs. */
export const shape: Shape = Object.fromEntries(Object.values(tables).map((table) => [table.name, shapeOf(table)]));

/** The types of a shape, and the others that are known: what has left a schema is kept, and may come back. */
export function withTypes(known: Types, shapes: Shape): Types {
  const added = Object.entries(shapes).map(([name, { fields }]) => [name, { ...own(known, name), ...fields }] as const);
  return { ...known, ...Object.fromEntries(added) };
}

/** Whether no table has a record. An index says so, which lags behind by a moment. */
export async function isEmpty(database: Database): Promise<boolean> {
  for (const table of Object.values(tables)) {
    for (const shard of shardsOf(table)) {
      const { Items = [] } = await database.documents.send(
        new QueryCommand({
          TableName: database.tableName(table.name),
          IndexName: 'all',
          KeyConditionExpression: '#kind = :kind',
          ExpressionAttributeNames: { '#kind': '_kind' },
          ExpressionAttributeValues: { ':kind': shard },
          Limit: 1,
        }),
      );
      if (Items.length > 0) return false;
    }
  }
  return true;
}

function shapeOf(table: Table): TableShape {
  const { created, updated } = table.timestamps;
  const indexed = [['_kind', created], ...table.indexed.map((field) => [field, created]), ...table.pairs.map(({ field, range }) => [field, range])];
  return {
    primaryKey: keyed(table, table.primaryKey),
    fields: Object.fromEntries([...Object.keys(table.fields), created, updated].map((field) => [field, typeOf(table, field)])),
    required: evolution[table.name]!.required,
    renamed: evolution[table.name]!.formerNames,
    unique: table.unique.map((fields) => fields.map((field) => claimed(table, field)).join(' + ')),
    references: table.references.map((reference) => `${reference.field} to ${reference.table}`),
    indexes: indexed.map((fields) => fields.map((field) => keyed(table, field)).join(', ')),
  };
}

function typeOf({ name, fields, secrecy }: Table, field: string): string {
  const digits = fields[field] === 'DECIMAL' ? ` ${evolution[name]!.scales[field]}` : '';
  return own(secrecy, field) ?? `${fields[field] ?? 'DATETIME'}${digits}`;
}

function keyed({ fields }: Table, field: string): string {
  return `${field} (${['INTEGER', 'FLOAT'].includes(fields[field] ?? '') ? 'number' : 'text'})`;
}

function claimed({ caseInsensitive }: Table, field: string): string {
  return caseInsensitive.includes(field) ? `${field} in any case` : field;
}
