import Joi, { type ObjectSchema, type Schema } from 'joi';

import type { FieldType, Key, ListQuery, Table } from '../types/index.js';
import { date, dateTime, float, integer, keyString } from './types.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** The query string of a list: `limit`, `cursor`, and at most one of the indexed fields to filter by. */
export function listQuery({ indexed, fields }: Table): ObjectSchema {
  const schema = Joi.object({
    ...Object.fromEntries(indexed.map((field) => [field, keySchema(fields[field]!)])),
    limit: Joi.number().integer().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
    cursor: Joi.string(),
  });
  return schema.oxor(...indexed).messages({ 'object.oxor': 'A list can be filtered by one field at a time' });
}

export function toListQuery({ limit, cursor, ...filters }: Record<string, unknown>): ListQuery {
  const [filter] = Object.entries(filters);
  return {
    limit: limit as number,
    ...(cursor === undefined ? {} : { cursor: cursor as string }),
    ...(filter === undefined ? {} : { filter: { field: filter[0], value: filter[1] as Key } }),
  };
}

/** The primary key that a path names, or undefined when no record can have it. */
export function parseKey({ fields, primaryKey }: Table, text: string): Key | undefined {
  const { error, value } = keySchema(fields[primaryKey]!).validate(text);
  return error === undefined ? value : undefined;
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
