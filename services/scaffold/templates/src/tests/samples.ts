import assert from 'node:assert/strict';

import { tables } from '../models/index.js';
import { resources } from '../routes/index.js';
import { bodies } from '../validation/index.js';
import type { FieldType, Input, Key, Reference, Table } from '../types/index.js';
import type { Backend } from './backend.js';

let count = 0;

export function pathOf(table: Table): string {
  return resources.find((resource) => resource.table === table.name)!.path;
}

export function keyOf(table: Table, record: Input): Key {
  return record[table.primaryKey] as Key;
}

export function recordPath(table: Table, record: Input): string {
  return `${pathOf(table)}/${encodeURIComponent(String(keyOf(table, record)))}`;
}

/** Create a record, and first the records that it must refer to. */
export async function createRecord(backend: Backend, table: Table, fields: Input = {}): Promise<Input> {
  const answer = await backend.send('POST', pathOf(table), { ...(await requiredBody(backend, table)), ...fields });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** A valid body with every field that clients may set, unlike any other. */
export async function fullBody(backend: Backend, table: Table): Promise<Input> {
  return { ...plainBody(table), ...(await parents(backend, table.references)) };
}

async function requiredBody(backend: Backend, table: Table): Promise<Input> {
  const required = table.references.filter(({ nullable }) => !nullable);
  return { ...plainBody(table), ...(await parents(backend, required)) };
}

/** Values for the fields that clients may set, references aside. */
export function plainBody(table: Table): Input {
  count += 1;
  const left = new Set(table.references.map(({ field }) => field));
  const rules = bodies[table.name]!.create.describe().keys as Readonly<Record<string, Rules>>;
  const fields = Object.keys(rules).filter((field) => !left.has(field) && table.setters[field] !== 'SERVER');
  return Object.fromEntries(fields.map((field) => [field, sample(field, table.fields[field]!, rules[field]!)]));
}

/** What answers show of a body. */
export function shown(table: Table, body: Input): Input {
  return Object.fromEntries(Object.entries(body).filter(([field]) => !Object.hasOwn(table.secrecy, field)));
}

/** What a body may hold that replaces or changes a record. */
export function changeable(table: Table, body: Input): Input {
  const rules = bodies[table.name]!.replace.describe().keys as Input;
  return Object.fromEntries(Object.entries(body).filter(([field]) => Object.hasOwn(rules, field)));
}

/** What Joi says of a field, as far as samples go by it. */
interface Rules {
  readonly flags?: { readonly only?: boolean };
  readonly allow?: readonly unknown[];
  readonly rules?: readonly { readonly name: string; readonly args?: { readonly limit?: number } }[];
}

async function parents(backend: Backend, references: readonly Reference[]): Promise<Input> {
  const fields: Input = {};
  for (const { field, table } of references) {
    const target = tables[table]!;
    fields[field] = keyOf(target, await createRecord(backend, target));
  }
  return fields;
}

function sample(field: string, type: FieldType, { flags, allow = [], rules = [] }: Rules): unknown {
  if (flags?.only) return allow.find((value) => value !== null && value !== '');
  const limit = (name: string): number | undefined => rules.find((rule) => rule.name === name)?.args?.limit;
  switch (type) {
    case 'STRING':
      if (rules.some(({ name }) => name === 'uri')) return `https://example.com/${field}/${count}`;
      if (rules.some(({ name }) => name === 'email')) return `${field}${count}@example.com`;
      return `${field} no. ${count} with enough letters`;
    case 'TEXT':
      return `Some ${field}, number ${count}.`;
    case 'INTEGER':
      return Math.max(limit('min') ?? count, Math.min(count, limit('max') ?? count));
    case 'DECIMAL':
      return `${count}.25`;
    case 'FLOAT':
      return Math.max(limit('min') ?? 0, Math.min(count + 0.5, limit('max') ?? Infinity));
    case 'BOOLEAN':
      return count % 2 === 0;
    case 'DATE':
      return new Date(count * 86_400_000).toISOString().slice(0, 10);
    case 'DATETIME':
      return new Date(count * 60_000).toISOString();
    case 'JSON':
      return { count, nested: [null, { deep: true }] };
  }
}
