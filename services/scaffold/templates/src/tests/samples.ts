import assert from 'node:assert/strict';

import { tables } from '../models/index.js';
import { resources } from '../routes/index.js';
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
  if (table.generatesKeys) left.add(table.primaryKey);
  const fields = Object.entries(table.fields).filter(([field]) => !left.has(field));
  return Object.fromEntries(fields.map(([field, type]) => [field, sample(field, type)]));
}

async function parents(backend: Backend, references: readonly Reference[]): Promise<Input> {
  const fields: Input = {};
  for (const { field, table } of references) {
    const target = tables[table]!;
    fields[field] = keyOf(target, await createRecord(backend, target));
  }
  return fields;
}

function sample(field: string, type: FieldType): unknown {
  switch (type) {
    case 'STRING':
      return /email$/i.test(field) ? `${field}${count}@example.com` : `${field} ${count}`;
    case 'TEXT':
      return `Some ${field}, number ${count}.`;
    case 'INTEGER':
      return count;
    case 'DECIMAL':
      return `${count}.25`;
    case 'FLOAT':
      return count + 0.5;
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
