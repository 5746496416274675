import { tables } from '../models/index.js';
import type { Input, Key, Reference, Table } from '../types/index.js';
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
  const found = await Promise.all(references.map((reference) => readTargets(database, access, reference, records)));
  return records.map((record) => {
    const expansions = references.map(({ field, expansion }, number) => {
      const key = record[field as keyof Row] as Key | null;
      return [expansion, (key !== null && found[number]!.get(key)) || null];
    });
    return { ...record, ...(Object.fromEntries(expansions) as object) };
  });
}

/** The records that may be read, by their keys. */
async function readTargets(
  database: Database,
  access: Access,
  { field, table: name }: Reference,
  records: readonly object[],
): Promise<Map<Key, Input>> {
  const target = tables[name]!;
  const keys = new Set(records.map((record) => (record as Input)[field] as Key).filter((key) => key !== null));
  const items = await readItems(database, target, [...keys]);
  const visible = await Promise.all(
    items.map(async (item) => {
      const record = fromItem(target, item);
      return (await access.mayRead(target, record)) ? [record] : [];
    }),
  );
  return new Map(visible.flat().map((record) => [record[target.primaryKey] as Key, record]));
}
