/** What has to be done to bring a database from one shape to another, in words; and what nobody can do for you. */
import { evolution } from '../models/evolution.js';
import { canConvert } from './conversion.js';
import type { Shape, TableShape } from './shape.js';

export interface Plan {
  readonly steps: readonly string[];
  /** Why it cannot be done, and what to do instead. */
  readonly refusals: readonly string[];
  /** The tables whose records are looked at one by one. */
  readonly tables: readonly string[];
}

/** `from` is undefined for a database of which is not known what it is like: then every record is looked at. */
export function planMigration(from: Shape | undefined, to: Shape): Plan {
  const steps: string[] = [];
  const refusals: string[] = [];
  const tables: string[] = [];
  for (const [name, table] of Object.entries(to)) {
    const before = from?.[name];
    if (from !== undefined && before === undefined) {
      steps.push(`create the table ${name}, if it is not there`);
      continue;
    }
    const changes = before === undefined ? allOf(table) : changesOf(name, before, table, refusals);
    if (changes.length > 0) tables.push(name);
    const indexes = before === undefined ? [] : indexSteps(before, table);
    steps.push(...[...changes, ...indexes].map((step) => `${name}: ${step}`));
  }
  return { steps, refusals, tables };
}

function allOf(table: TableShape): string[] {
  const constraints = [...table.unique.map(claiming), ...table.references.map(referring)];
  return ['look at every record', ...constraints];
}

function changesOf(name: string, before: TableShape, after: TableShape, refusals: string[]): string[] {
  const { defaults, formerNames } = evolution[name]!;
  const steps: string[] = [];
  if (before.primaryKey !== after.primaryKey) {
    refusals.push(`${name}: its primary key was "${before.primaryKey}". Make a new table and copy the records.`);
  }
  for (const [field, type] of Object.entries(after.fields)) {
    const former = field in before.fields ? field : formerNames[field]?.find((old) => old in before.fields);
    const old = former === undefined ? undefined : before.fields[former];
    if (former !== undefined && former !== field) steps.push(`move the values of "${former}" to "${field}"`);
    if (old !== undefined && old !== type) {
      if (canConvert(old, type)) steps.push(`convert "${field}" from ${old} to ${type}`);
      else refusals.push(`${name}: "${field}" cannot be converted from ${old} to ${type}. Add a field with another name.`);
    }
    const isNewlyRequired = after.required.includes(field) && !(former !== undefined && before.required.includes(former));
    if (isNewlyRequired && field !== after.primaryKey) {
      const how = field in defaults ? 'its default' : 'nothing: it has no default, so that every record must have one';
      steps.push(`fill "${field}" with ${how}`);
    }
  }
  steps.push(...without(after.unique, before.unique).map(claiming));
  steps.push(...without(after.references, before.references).map(referring));
  return steps;
}

function indexSteps(before: TableShape, after: TableShape): string[] {
  return [
    ...without(before.indexes, after.indexes).map((index) => `drop the index ${index}`),
    ...without(after.indexes, before.indexes).map((index) => `create the index ${index}`),
  ];
}

function claiming(fields: string): string {
  return `claim the values of ${fields}, which no two records share`;
}

function referring(reference: string): string {
  return `note which records refer by ${reference}`;
}

function without(items: readonly string[], others: readonly string[]): string[] {
  return items.filter((item) => !others.includes(item));
}
