/** What a record must be as a whole, whatever fields of it were sent. */
import { HttpError, ValidationFailed, type Detail } from '../errors.js';
import { MAX_BODY } from '../middleware/body.js';
import type { Input, Table } from '../types/index.js';

/** Throws ValidationFailed; HttpError where a GET would answer more than a PUT may send back. */
export function requireSound(table: Table, before: Input, after: Input): void {
  const faults = [...endsTooEarly(table, before, after), ...refersToItself(table, before, after)];
  if (faults.length > 0) throw new ValidationFailed(faults);
  if (Buffer.byteLength(JSON.stringify(after)) > MAX_BODY) {
    throw new HttpError(413, 'BODY_TOO_LARGE', 'The record would be larger than a body may be.');
  }
}

/** The texts of days and of moments are in order as they are kept. */
function endsTooEarly({ periods }: Table, before: Input, after: Input): Detail[] {
  return periods
    .filter(({ start, end }) => after[start] !== before[start] || after[end] !== before[end])
    .filter(({ start, end }) => isText(after[start]) && isText(after[end]) && after[end] < after[start])
    .map(({ start, end }) => ({ field: end, message: `"${end}" must not be before "${start}"` }));
}

/** Where a reference must have a value, the first record of a table has no other to refer to. */
function refersToItself({ name, primaryKey, references }: Table, before: Input, after: Input): Detail[] {
  return references
    .filter(({ table, nullable }) => table === name && nullable)
    .filter(({ field }) => after[field] !== before[field] && after[field] === after[primaryKey])
    .map(({ field }) => ({ field, message: `"${field}" must refer to another record` }));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
