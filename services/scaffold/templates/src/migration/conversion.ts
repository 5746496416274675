/** Values of one type as those of another, where nothing is lost, and as a body would have them. */
import type { Table } from '../types/index.js';
import { keySchema } from '../validation/query.js';

const WHOLE = /^(?:0|-?[1-9]\d{0,15})$/;
const TRAILING_ZEROS = /(?:\.0+|(\.\d*?[1-9])0+)$/;
const NUMBERS = ['INTEGER', 'FLOAT'];
const TEXTS = ['STRING', 'TEXT'];
/** To what values of a type may be converted, one by one, beside the type itself. */
const COUNTERPARTS: Readonly<Record<string, readonly string[]>> = {
  INTEGER: ['FLOAT', 'DECIMAL', ...TEXTS],
  FLOAT: ['INTEGER', 'DECIMAL', ...TEXTS],
  DECIMAL: ['INTEGER', ...TEXTS],
  BOOLEAN: TEXTS,
  DATE: TEXTS,
  DATETIME: TEXTS,
  STRING: ['INTEGER', 'DECIMAL', 'BOOLEAN', 'DATE', 'DATETIME', ...TEXTS],
  TEXT: ['INTEGER', 'DECIMAL', 'BOOLEAN', 'DATE', 'DATETIME', ...TEXTS],
};

/** By the types as a shape has them: `DECIMAL 2` for one of two digits, `HASHED` for a secret. */
export function canConvert(from: string, to: string): boolean {
  const [before = '', after = ''] = [from, to].map((type) => type.split(' ')[0]);
  return before === after || (COUNTERPARTS[before] ?? []).includes(after);
}

/**
 * What a value becomes as one of a field, where it was of another type, or of one that is not known any more. Undefined
 * where the field can't have it. What is converted already stays the same.
 */
export function convert(table: Table, field: string, value: unknown, from: string | undefined): unknown {
  const type = table.fields[field] ?? 'DATETIME';
  if (type === 'JSON') return isJson(value) ? value : undefined;
  const converted = as(type, value);
  if (converted === undefined) return undefined;
  const result = keySchema(table, field).validate(converted, { convert: true });
  if (result.error === undefined) return result.value;
  // Rules may be newer than the value of a record, whose type is as it was.
  return from === undefined && isStoredAs(type, value) ? value : undefined;
}

function as(type: string, value: unknown): unknown {
  const text = String(value);
  if (TEXTS.includes(type)) return text;
  if (type === 'DECIMAL') return text.replace(TRAILING_ZEROS, '$1');
  if (type === 'INTEGER' && typeof value !== 'number') {
    const digits = text.replace(TRAILING_ZEROS, '$1');
    return WHOLE.test(digits) ? Number(digits) : undefined;
  }
  if (type === 'BOOLEAN' && typeof value === 'string') return ['true', 'false'].includes(value) ? value === 'true' : undefined;
  return value;
}

function isStoredAs(type: string, value: unknown): boolean {
  if (NUMBERS.includes(type)) return typeof value === 'number';
  return typeof value === (type === 'BOOLEAN' ? 'boolean' : 'string');
}

/** It is stored as text. */
function isJson(value: unknown): boolean {
  try {
    return typeof value === 'string' && JSON.parse(value) !== undefined;
  } catch {
    return false;
  }
}
