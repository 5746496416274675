import Joi, { type CustomValidator, type ObjectSchema } from 'joi';

import type { FieldType, Filter, ListQuery, Operator, Table } from '../types/index.js';
import { keySchema, pageLimit, typeSchema } from './query.js';

/** What these mean in a query string is no field's name. */
const PARAMETERS = ['limit', 'cursor', 'sort', 'expand', 'count'];
const MAX_CURSOR = 8_000;
const CURSOR = /^[A-Za-z0-9_.-]+$/;
/** Of these types, values are in order as they are stored. */
const ORDERED: readonly FieldType[] = ['INTEGER', 'FLOAT', 'DATE', 'DATETIME'];
const RANGES: readonly Operator[] = ['gt', 'gte', 'lt', 'lte'];

const cursor = Joi.string()
  .max(MAX_CURSOR)
  .pattern(CURSOR)
  .messages({ 'string.pattern.base': '{#label} must be the nextCursor of a page' });

/**
 * The query string of a list: `status=open`, `createdAt[gte]=2025-01-01T00:00:00Z`, `sort=-createdAt`, `expand=team,user`,
 * `count=true`, `limit`, `cursor`. `given` are fields whose values the path has.
 */
export function listQuery(table: Table, given: readonly string[] = []): ObjectSchema {
  const filters = Object.entries(filterable(table)).filter(([field]) => !given.includes(field));
  const names = table.references.map(({ expansion }) => expansion);
  return Joi.object({
    ...Object.fromEntries(filters.map(([field]) => [field, keySchema(table, field)])),
    ...Object.fromEntries(filters.flatMap(([field, type]) => ranges(field, type))),
    limit: pageLimit,
    cursor,
    sort: Joi.valid(...sortable(table).flatMap((field) => [field, `-${field}`])).default(`-${table.timestamps.created}`),
    expand: expand(names),
    count: Joi.boolean().default(false),
  });
}

/** The query string of one record. */
export function recordQuery(table: Table): ObjectSchema {
  return Joi.object({ expand: expand(table.references.map(({ expansion }) => expansion)) });
}

/** The query string of a list that nothing can be said of but how it comes in pages. */
export const pageQuery = Joi.object({ limit: pageLimit, cursor });

export const noQuery = Joi.object({});

/** `values` are what `listQuery` has made of a query string. */
export function toListQuery(values: Record<string, unknown>, given: readonly Filter[] = []): ListQuery {
  const { limit, cursor, sort, expand: expansions, count, ...filters } = values;
  const isDescending = String(sort).startsWith('-');
  return {
    limit: limit as number,
    ...(cursor === undefined ? {} : { cursor: cursor as string }),
    filters: [...given, ...Object.entries(filters).map(toFilter)],
    sort: { field: String(sort).replace('-', ''), isDescending },
    expand: expansions as string[],
    isCounted: count as boolean,
  };
}

function toFilter([name, value]: [string, unknown]): Filter {
  const [, field, operator = 'eq'] = name.match(/^([^[]*)(?:\[(.*)\])?$/)!;
  return { field: field!, operator: operator as Operator, value: value as Filter['value'] };
}

/** The fields that lists are filtered by, and their types: those of indexes and unique values, and the timestamps. */
function filterable({ fields, indexed, pairs, unique, timestamps }: Table): Record<string, FieldType> {
  const named = [...indexed, ...pairs.flatMap(({ field, range }) => [field, range]), ...unique.flat()];
  const free = named.filter((field) => !PARAMETERS.includes(field));
  const moments = [timestamps.created, timestamps.updated].map((field) => [field, 'DATETIME'] as const);
  return Object.fromEntries([...free.map((field) => [field, fields[field]!] as const), ...moments]);
}

function sortable({ pairs, timestamps }: Table): string[] {
  return [...new Set([timestamps.created, ...pairs.map(({ range }) => range)])];
}

function ranges(field: string, type: FieldType) {
  return ORDERED.includes(type) ? RANGES.map((operator) => [`${field}[${operator}]`, typeSchema(type)] as const) : [];
}

function expand(names: readonly string[]) {
  const split: CustomValidator<string, string[]> = (text, { error }) => {
    const wanted = [...new Set(text.split(','))];
    return wanted.every((name) => names.includes(name)) ? wanted : error('any.invalid');
  };
  const allowed = names.length === 0 ? 'is not possible here' : `must be of ${names.join(', ')}, separated by commas`;
  return Joi.string().custom(split).default([]).messages({ 'any.invalid': `{#label} ${allowed}` });
}
