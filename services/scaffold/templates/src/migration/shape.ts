/** What the records of a database must be like for a version of the code, and which version that was last. */
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';

import { evolution } from '../models/evolution.js';
import { tables } from '../models/index.js';
import type { Database } from '../services/database.js';
import { shardsOf } from '../services/items.js';
import type { Table } from '../types/index.js';

const KEY = 'schema';

export interface TableShape {
  readonly primaryKey: string;
  /** The type of each, and how it is kept where it is a secret. */
  readonly fields: Readonly<Record<string, string>>;
  readonly required: readonly string[];
  /** Each set of fields, with those whose case does not count. */
  readonly unique: readonly string[];
  readonly references: readonly string[];
  readonly indexes: readonly string[];
}

export type Shape = Readonly<Record<string, TableShape>>;

/** The shape that this code needs. */
export const shape: Shape = Object.fromEntries(Object.values(tables).map((table) => [table.name, shapeOf(table)]));

/** The shape that the database has been brought to; undefined where that was never noted. */
export async function storedShape(database: Database): Promise<Shape | undefined> {
  const { Item } = await database.documents.send(
    new GetCommand({ TableName: database.systemTable, Key: { key: KEY }, ConsistentRead: true }),
  );
  return Item && (JSON.parse(Item.shape as string) as Shape);
}

export async function noteShape(database: Database): Promise<void> {
  const Item = { key: KEY, shape: JSON.stringify(shape) };
  await database.documents.send(new PutCommand({ TableName: database.systemTable, Item }));
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
  const typed = Object.entries(table.fields).map(([field, type]) => {
    const secrecy = table.secrecy[field];
    return [field, secrecy === undefined ? type : `${type} ${secrecy}`] as const;
  });
  return {
    primaryKey: table.primaryKey,
    fields: Object.fromEntries(typed),
    required: evolution[table.name]!.required,
    unique: table.unique.map((fields) => fields.map((field) => nameOf(table, field)).join(' + ')),
    references: table.references.map((reference) => `${reference.field} to ${reference.table}`),
    indexes: ['all', ...table.indexed.map((field) => `by_${field}`), ...table.pairs.map(({ field, range }) => `by_${field}.${range}`)],
  };
}

function nameOf({ caseInsensitive }: Table, field: string): string {
  return caseInsensitive.includes(field) ? `${field} in any case` : field;
}
