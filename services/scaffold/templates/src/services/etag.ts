import { HttpError } from '../errors.js';
import type { Input, Table } from '../types/index.js';
import { VERSION } from './items.js';

/** Says whether a record is in a state that the client expects. */
export type Precondition = (record: Input) => boolean;

const TAG = /(?:W\/)?"[^"]*"/g;
const TAGS = /^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/;

/** Names one state of a record: no later version has it, and no later record with the same key. */
export function etag({ timestamps }: Table, record: Input): string {
  const created = Date.parse(String(record[timestamps.created]));
  return `"${String(record[VERSION])}-${created.toString(36)}"`;
}

/**
 * What the header If-Match requires, with which a client makes sure not to overwrite what it has not seen, and what
 * If-None-Match excludes (https://www.rfc-editor.org/rfc/rfc9110#section-13.1).
 */
export function precondition(table: Table, match: string | undefined, noneMatch?: string): Precondition | undefined {
  if (noneMatch === undefined) return matching(table, match);
  const isMatch = matching(table, match);
  return (record) => !isKnown(etag(table, record), noneMatch) && (isMatch?.(record) ?? true);
}

/** A weak tag is equal to none. */
function matching(table: Table, header: string | undefined): Precondition | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  if (!TAGS.test(header)) throw new HttpError(400, 'BAD_REQUEST', 'If-Match must be ETags in double quotes, or *.');
  const tags: readonly string[] = header.match(TAG) ?? [];
  return (record) => tags.includes(etag(table, record));
}

/** Whether the client has this state already, as its header If-None-Match says; here weak tags are as good. */
export function isKnown(tag: string, header: string | undefined): boolean {
  const tags: readonly string[] = header?.match(TAG) ?? [];
  return header?.trim() === '*' || tags.some((known) => known.replace('W/', '') === tag);
}
