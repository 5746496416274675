/** What has to be done to bring a database from one shape to another, in words; and what nobody can do for you. */
import { evolution } from '../models/evolution.js';
import { canConvert } from './conversion.js';
import { namesOf } from './fields.js';
import { own } from './own.js';
import { shape as needed, type Shape, type TableShape } from './shape.js';
import type { State } from './state.js';

export interface Plan {
  readonly steps: readonly string[];
  /** Why it cannot be done, and what to do instead. */
  readonly refusals: readonly string[];
  /** The tables whose records are looked at one by one. */
  readonly tables: readonly string[];
  /** Others that get an index, which their records have to fit. */
  readonly indexed: readonly string[];
}

type Known = Pick<State, 'shape' | 'types'>;
type Fields = TableShape['fields'];

/** Where it is not known what the records of a table are like, every one is looked at. */
export function planMigration({ shape: from, types }: Known, to: Shape): Plan {
  const steps: string[] = [];
  const refusals: string[] = [];
  const names: string[] = [];
  const indexed: string[] = [];
  for (const [name, table] of Object.entries(to)) {
    const before = own(from, name);
    const known = { ...own(types, name), ...before?.fields };
    const changes = before === undefined ? allOf(table) : changesOf(name, known, before, table);
    if (changes.length > 0) names.push(name);
    else if (without(table.indexes, before?.indexes ?? []).length > 0) indexed.push(name);
    if (before !== undefined) refusals.push(...refusalsOf(name, known, before, table).map((refusal) => `${name}: ${refusal}`));
    const rest = before === undefined ? [] : [...leaving(before, table), ...indexSteps(before, table)];
    steps.push(...[...changes, ...rest].map((step) => `${name}: ${step}`));
  }
  return { steps, refusals, tables: names, indexed };
}

/** Whether this code and that of a noted shape may serve beside each other: neither writes what the other has to migrate. */
export function isCompatible(noted: Shape, types: State['types']): boolean {
  const plans = [planMigration({ shape: noted, types }, needed), planMigration({ shape: needed, types }, noted)];
  return plans.every(({ steps, refusals }) => steps.length + refusals.length === 0);
}

function allOf(table: TableShape): string[] {
  return ['look at every record', ...table.unique.map(claiming), ...table.references.map(referring)];
}

function changesOf(name: string, known: Fields, before: TableShape, after: TableShape): string[] {
  const steps: string[] = [];
  for (const [field, type] of Object.entries(after.fields)) {
    const former = formerOf(name, field, known, before);
    const old = former === undefined ? undefined : known[former];
    if (former !== undefined && former !== field) steps.push(`move the values of "${former}" to "${field}"`);
    if (old !== undefined && old !== type) steps.push(`convert "${field}" from ${old} to ${type}`);
    const isNewlyRequired = after.required.includes(field) && !(former !== undefined && before.required.includes(former));
    if (isNewlyRequired) steps.push(`fill "${field}" with ${filling(name, field)}`);
  }
  steps.push(...without(after.unique, before.unique).map(claiming));
  steps.push(...without(after.references, before.references).map(referring));
  return steps;
}

function refusalsOf(name: string, known: Fields, before: TableShape, after: TableShape): string[] {
  const refusals: string[] = [];
  if (before.primaryKey !== after.primaryKey) {
    refusals.push(anotherKey(before.primaryKey, after.primaryKey));
  }
  for (const [field, type] of Object.entries(after.fields)) {
    const former = formerOf(name, field, known, before);
    const old = former === undefined ? undefined : known[former];
    if (old !== undefined && !canConvert(old, type)) {
      refusals.push(`"${field}" cannot be converted from ${old} to ${type}. Add a field with another name.`);
    }
    if (former !== field && old === 'SEALED') refusals.push(`"${former}" is sealed under its name, and cannot have another.`);
  }
  return refusals;
}

export function anotherKey(old: string, key: string): string {
  return `its primary key is ${old} and cannot become ${key}. Make a new table and copy the records.`;
}

/** Rather what records have now than what they had once, and may have again. */
function formerOf(name: string, field: string, known: Fields, before: TableShape): string | undefined {
  const names = namesOf(name, field, before.renamed ?? {});
  return names.find((each) => Object.hasOwn(before.fields, each)) ?? names.find((each) => Object.hasOwn(known, each));
}

function filling(name: string, field: string): string {
  const hasDefault = own(own(evolution, name)?.defaults, field) !== undefined;
  return hasDefault ? 'its default' : 'nothing: it is required and has no default, so that a record without a value stands in the way';
}

/** What is kept beside records and is of no use any more. */
function leaving(before: TableShape, after: TableShape): string[] {
  return [
    ...without(before.unique, after.unique).map((fields) => `give up the claims on the values of ${fields}`),
    ...without(before.references, after.references).map((reference) => `forget which records refer by ${reference}`),
  ];
}

function indexSteps(before: TableShape, after: TableShape): string[] {
  return [
    ...without(before.indexes, after.indexes).map((index) => `drop the index over ${index}`),
    ...without(after.indexes, before.indexes).map((index) => `create the index over ${index}`),
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
