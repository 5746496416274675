import { BatchGetCommand, GetCommand } from '@aws-sdk/lib-dynamodb';

import type { Caller, Input, Key, Table } from '../types/index.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';
import { findDeletion } from './deletions.js';
import { MARK, fromItem } from './items.js';

/** Of DynamoDB. */
const MOST_IN_BATCH = 100;

/** The record as it is now; undefined where there is none, or where its deletion is decided. */
export async function readRecord(database: Database, table: Table, key: Key): Promise<Input | undefined> {
  const item = await getItem(database, table, key);
  return item === undefined || (await isGone(database, table, item)) ? undefined : fromItem(table, item);
}

/**
 * Whether the deletion of an item that is still stored is decided. `decided` are deletions that are known to be: of many
 * items, each is looked up once.
 */
export async function isGone(database: Database, table: Table, item: Input, decided = new Set<string>()): Promise<boolean> {
  let current: Input | undefined = item;
  while (current?.[MARK] !== undefined) {
    const id = current[MARK] as string;
    if (decided.has(id)) return true;
    const state = (await findDeletion(database, id))?.state;
    if (state === 'COMMITTED') decided.add(id);
    if (state === 'COMMITTED' || state === 'CHECKING') return state === 'COMMITTED';
    // The deletion was given up, and has left its mark; or it has ended, and the item with it.
    const again = await getItem(database, table, current[table.primaryKey] as Key);
    if (again?.[MARK] === id) return false;
    current = again;
  }
  return current === undefined;
}

/** What is stored of a record, whatever a deletion makes of it. */
export async function getItem(database: Database, table: Table, key: Key): Promise<Input | undefined> {
  const { Item } = await database.documents.send(
    new GetCommand({
      TableName: database.tableName(table.name),
      Key: { [table.primaryKey]: key },
      ConsistentRead: true,
    }),
  );
  return Item;
}

/** The items with these primary keys, as they are now; those that are not there are left out. */
export async function readItems(database: Database, table: Table, keys: readonly Key[]): Promise<Input[]> {
  const name = database.tableName(table.name);
  const items: Input[] = [];
  let left = [...new Set(keys)].map((key) => ({ [table.primaryKey]: key }));
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const { Responses, UnprocessedKeys } = await database.documents.send(
      new BatchGetCommand({ RequestItems: { [name]: { Keys: left.slice(0, MOST_IN_BATCH), ConsistentRead: true } } }),
    );
    items.push(...(Responses?.[name] ?? []));
    const unread = (UnprocessedKeys?.[name]?.Keys ?? []) as typeof left;
    left = [...left.slice(MOST_IN_BATCH), ...unread];
    if (unread.length > 0) await backOff(attempt);
  }
  const isOver = await Promise.all(items.map((item) => isGone(database, table, item)));
  return items.filter((_, number) => !isOver[number]);
}

/** A user's id as the field has it, where users are numbered too. */
export function toKey({ id }: Pick<Caller, 'id'>, { fields }: Table, field: string): Key {
  return fields[field] === 'INTEGER' || fields[field] === 'FLOAT' ? Number(id) : id;
}
