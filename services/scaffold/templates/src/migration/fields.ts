/** Under which names the value of a field may be in a record. */
import { evolution } from '../models/evolution.js';
import { tables } from '../models/index.js';
import { own } from './own.js';

/** What the backend calls the times that it sets, by what the schema has. */
const MOMENTS = ['created', 'updated'] as const;
const CALLED = (moment: string): string[] => [`${moment}At`, `${moment}_at`, `_${moment}At`];

/** What a field was called before, the last name first. */
export function formerNames(table: string, field: string): readonly string[] {
  const { fields = {}, timestamps } = own(tables, table) ?? {};
  const moment = MOMENTS.find((name) => timestamps?.[name] === field);
  if (moment !== undefined) return CALLED(moment).filter((name) => name !== field && !Object.hasOwn(fields, name));
  return own(own(evolution, table)?.formerNames, field) ?? [];
}
