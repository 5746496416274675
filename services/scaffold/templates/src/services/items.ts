import { createHash } from 'node:crypto';

import type { Input, Key, Table } from '../types/index.js';

/** Counts the writes of a record; each write requires it to be what was read. */
export const VERSION = '_version';

/** The id of the deletion that a record is part of, while there is one. */
export const MARK = '_deletion';

/** Which shard of its table's list a record is in. Together, the shards list all records by age. */
export const KIND = '_kind';

/** DynamoDB takes a thousand writes a second in one partition of an index: this many times as many in all shards. */
const SHARDS = 4;

/** What there was before a record is created and is after it is deleted. Inherits no field, not even `constructor`. */
export const NOTHING: Input = Object.freeze(Object.create(null) as Input);

/** By what a record in memory has the value of a secret field, so that nothing that lists its fields shows it. */
export const SECRET = (field: string): symbol => Symbol.for(`secret ${field}`);

export function shardsOf({ name }: Table): string[] {
  return Array.from({ length: SHARDS }, (_, number) => shard(name, number));
}

function shardOf({ name, primaryKey }: Table, record: Input): string {
  const digest = createHash('sha256').update(String(record[primaryKey])).digest();
  return shard(name, digest[0]! % SHARDS);
}

/** The first is called as all records were before there were shards. */
function shard(table: string, number: number): string {
  return number === 0 ? table : `${table}#${number}`;
}

/**
 * The item that a record is stored as: without nulls, which no index accepts, and with JSON as text, which loses nothing
 * of it (DynamoDB limits its depth and its numbers).
 */
export function toItem(table: Table, record: Input): Input {
  const item: Input = { [KIND]: shardOf(table, record) };
  for (const [field, value] of Object.entries(record)) {
    if (value === null || value === undefined || Object.hasOwn(table.secrecy, field)) continue;
    item[field] = table.fields[field] === 'JSON' ? JSON.stringify(value) : value;
  }
  for (const field of Object.keys(table.secrecy)) item[field] = Reflect.get(record, SECRET(field)) ?? undefined;
  return item;
}

/** The reverse of `toItem`. */
export function fromItem(table: Table, item: Input): Input {
  const record: Input = {};
  for (const [field, type] of Object.entries(table.fields)) {
    const value = Object.hasOwn(item, field) ? item[field] : null;
    if (Object.hasOwn(table.secrecy, field)) {
      Reflect.set(record, SECRET(field), value);
      continue;
    }
    record[field] = type === 'JSON' && typeof value === 'string' ? JSON.parse(value) : value;
  }
  for (const field of [table.timestamps.created, table.timestamps.updated, VERSION]) record[field] = item[field];
  return record;
}

/** A record's key within the key of another item: short, whatever it is. */
export function hashed(key: Key): string {
  return createHash('sha256').update(JSON.stringify(key)).digest('base64url');
}
