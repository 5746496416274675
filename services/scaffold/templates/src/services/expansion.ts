import { tables } from '../models/index.js';
import type { Input, Key, Table } from '../types/index.js';
import type { Access } from './access.js';
import type { Database } from './database.js';
import { fromItem } from './items.js';
import { readItems } from './reading.js';

/**
 * The records, each with those that it refers to by the references named: `team` beside `teamId`. What the caller may not
 * read is null, as what is not there. Each record is read once, whatever refers to it.
 */
export async function expand<Row extends object>(
  database: Database,
  access: Access,
  table: Table,
  records: readonly Row[],
  names: readonly string[],
): Promise<Row[]> {
  const references = table.references.filter(({ expansion }) => names.includes(expansion));
  const found = await Promise.all(
    references.map(({ field, table: name }) => {
      const keys = new Set(records.map((record) => record[field as keyof Row] as Key | null));
      return readVisible(database, access, tables[name]!, [...keys].filter((key) => key !== null));
    }),
  );
  return records.map((record) => {
    const expansions = references.map(({ field, expansion }, number) => {
      const key = record[field as keyof Row] as Key | null;
      return [expansion, (key !== null && found[number]!.get(key)) || null];
    });
    return { ...record, ...(Object.fromEntries(expansions) as object) };
  });
}

/** The records with these keys that the caller may read, by their keys. */
export async function readVisible(database: Database, access: Access, table: Table, keys: readonly Key[]): Promise<Map<Key, Input>> {
  const items = await readItems(database, table, keys);
  const visible = await Promise.all(
    items.map(async (item) => {
      const record = fromItem(table, item);
      return (await access.mayRead(table, record)) ? [record] : [];
    }),
  );
  return new Map(visible.flat().map((record) => [record[table.primaryKey] as Key, record]));
}
