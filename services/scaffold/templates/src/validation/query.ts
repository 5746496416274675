import Joi, { type Schema } from 'joi';

import { NotFound } from '../errors.js';
import type { FieldType, Key, Table } from '../types/index.js';
import { date, dateTime, float, integer, keyString } from './types.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

export const pageLimit = Joi.number().integer().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT);

/** The primary key that a path names. Throws NotFound when no record can have it. */
export function keyIn({ name, fields, primaryKey }: Table, text: string): Key {
  const result = keySchema(fields[primaryKey]!).validate(text);
  if (result.error !== undefined) throw new NotFound(`There is no record "${text}" in ${name}.`);
  return result.value;
}

/** What a value of a field is in a path or a query string. */
export function keySchema(type: FieldType): Schema<Key> {
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
