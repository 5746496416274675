import Joi, { type ObjectSchema, type Schema } from 'joi';

import { NotFound } from '../errors.js';
import type { FieldType, Key, ListQuery, Table } from '../types/index.js';
import { date, dateTime, float, integer, keyString } from './types.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

const pageLimit = Joi.number().integer().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT);

/** The query string of a list: `limit`, `cursor`, and at most one of the indexed fields to filter by. */
export function listQuery({ indexed, fields }: Table): ObjectSchema {
  const schema = Joi.object({
    ...Object.fromEntries(indexed.map((field) => [field, keySchema(fields[field]!)])),
    limit: pageLimit,
    cursor: Joi.string(),
  });
  return schema.oxor(...indexed).messages({ 'object.oxor': 'A list can be filtered by one field at a time' });
}

/** The query string of a list that nothing can be said of but how it comes in pages. */
export const pageQuery = Joi.object({ limit: pageLimit, cursor: Joi.string() });

export function toListQuery({ limit, cursor, ...filters }: Record<string, unknown>): ListQuery {
  const [filter] = Object.entries(filters);
  return {
    limit: limit as number,
    ...(cursor === undefined ? {} : { cursor: cursor as string }),
    ...(filter === undefined ? {} : { filter: { field: filter[0], value: filter[1] as Key } }),
  };
}

/** The primary key that a path names. Throws NotFound when no record can have it. */
export function keyIn({ name, fields, primaryKey }: Table, text: string): Key {
  const { error, value } = keySchema(fields[primaryKey]!).validate(text);
  if (error !== undefined) throw new NotFound(`There is no record "${text}" in ${name}.`);
  return value;
}

function keySchema(type: FieldType): Schema<Key> {
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
