import { GetCommand } from '@aws-sdk/lib-dynamodb';

import type { Caller, Input, Key, Table } from '../types/index.js';
import type { Database } from './database.js';
import { fromItem } from './items.js';

/** The record as it is now; undefined where there is none. */
export async function readRecord(database: Database, table: Table, key: Key): Promise<Input | undefined> {
  const { Item } = await database.documents.send(
    new GetCommand({
      TableName: database.tableName(table.name),
      Key: { [table.primaryKey]: key },
      ConsistentRead: true,
    }),
  );
  return Item && fromItem(table, Item);
}

/** The caller's id as the field has it, where users are numbered too. */
export function toKey({ id }: Caller, { fields }: Table, field: string): Key {
  return fields[field] === 'INTEGER' || fields[field] === 'FLOAT' ? Number(id) : id;
}
