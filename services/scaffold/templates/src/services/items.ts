import type { Input, Table } from '../types/index.js';

/** Counts the writes of a record; each write requires it to be what was read. */
export const VERSION = '_version';

/** The same for all records of a table, so that one index lists them by age. */
export const KIND = '_kind';

/** What there was before a record is created and is after it is deleted. Inherits no field, not even `constructor`. */
export const NOTHING: Input = Object.freeze(Object.create(null) as Input);

/** By what a record in memory has the value of a secret field, so that nothing that lists its fields shows it. */
export const SECRET = (field: string): symbol => Symbol.for(`secret ${field}`);

/**
 * The item that a record is stored as: without nulls, which no index accepts, and with JSON as text, which loses nothing
 * of it (DynamoDB limits its depth and its numbers).
 */
export function toItem(table: Table, record: Input): Input {
  const item: Input = { [KIND]: table.name };
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
