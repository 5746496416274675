import Joi, { type Schema, type StringSchema } from 'joi';

import { NotFound } from '../errors.js';
import type { FieldType, Key, Table } from '../types/index.js';
import { bodies } from './index.js';
import { date, dateTime, float, integer, keyString } from './types.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

export const pageLimit = Joi.number().integer().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT);

/** The primary key that a path names, in the one way it is written. Throws NotFound when no record can have it. */
export function keyIn(table: Table, text: string): Key {
  const result = keySchema(table, table.primaryKey).validate(text);
  if (result.error !== undefined || String(result.value) !== text.normalize('NFC')) {
    throw new NotFound(`There is no record "${text}" in ${table.name}.`);
  }
  return result.value;
}

/** What a value of a field is in a path or a query string: what bodies may have, and normal as theirs is. */
export function keySchema(table: Table, field: string): Schema<Key> {
  const value = bodies[table.name]?.values[field];
  if (value === undefined) return typeSchema(table.fields[field] ?? 'DATETIME');
  return value.type === 'string' ? (value as StringSchema).normalize('NFC') : value;
}

/** What is compared with values of a field may be beyond the bounds that these have. */
export function typeSchema(type: FieldType): Schema<Key> {
  switch (type) {
    case 'INTEGER':
      return integer();
    case 'FLOAT':
      return float();
    case 'DATE':
      return date();
    case 'DATETIME':
      return dateTime();
    default:
      return keyString();
  }
}
