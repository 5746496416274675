/** Under which names the value of a field may be in a record. */
import { evolution } from '../models/evolution.js';
import { tables } from '../models/index.js';
import { own } from './own.js';

/** What fields were called before, the last name first, of those that had other names. */
export type Renamed = Readonly<Record<string, readonly string[]>>;

/** What the backend calls the times that it sets, by what the schema has. */
const MOMENTS = ['created', 'updated'] as const;
const CALLED = (moment: string): string[] => [`${moment}At`, `${moment}_at`, `_${moment}At`];

/**
 * The name of a field, what it was called before, and what a later version, which has been here, calls it: that version
 * notes what it has `renamed`.
 */
export function namesOf(table: string, field: string, renamed: Renamed): string[] {
  const { fields = {} } = own(tables, table) ?? {};
  const later = Object.keys(renamed).filter((name) => renamed[name]!.includes(field) && !Object.hasOwn(fields, name));
  return [field, ...formerNames(table, field), ...later];
}

function formerNames(table: string, field: string): readonly string[] {
  const { fields = {}, timestamps } = own(tables, table) ?? {};
  const moment = MOMENTS.find((name) => timestamps?.[name] === field);
  if (moment !== undefined) return CALLED(moment).filter((name) => name !== field && !Object.hasOwn(fields, name));
  return own(own(evolution, table)?.formerNames, field) ?? [];
}
