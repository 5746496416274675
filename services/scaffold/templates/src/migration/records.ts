/** The records of one table on their way to the shape that the code needs. */
import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';

import { evolution } from '../models/evolution.js';
import { tables } from '../models/index.js';
import { backOff } from '../services/backOff.js';
import type { Database } from '../services/database.js';
import { NOTHING, VERSION, fromItem } from '../services/items.js';
import { getItem, isGone } from '../services/reading.js';
import { isNoted, moveReferences } from '../services/references.js';
import { commit, type Step } from '../services/transaction.js';
import { claims, ownerOf, releaseHeld, take } from '../services/uniqueness.js';
import { InTheWay, Stale } from '../services/writes.js';
import type { Input, Key, Table } from '../types/index.js';
import { convert } from './conversion.js';
import { namesOf, type Renamed } from './fields.js';
import { own } from './own.js';
import { shape, type TableShape } from './shape.js';

const PAGE = 100;
const ATTEMPTS = 8;
/** Of DynamoDB, in bytes, for the second key of an index. */
const LONGEST_KEY = 1024;

export class Records {
  private readonly owners = new Map<string, Key>();
  private readonly fields: TableShape['fields'];

  constructor(
    private readonly database: Database,
    private readonly table: Table,
    /** The types that its fields were last stored with, as far as they are known. */
    private readonly types: TableShape['fields'],
    private readonly renamed: Renamed,
  ) {
    this.fields = shape[table.name]!.fields;
  }

  /** What keeps the records from the shape, one sentence each with the record's key. Changes nothing. */
  async *faults(): AsyncGenerator<string> {
    for await (const item of this.all()) {
      const { next, faults } = this.brought(item);
      const record = fromItem(this.table, await this.withoutGone(next));
      for (const fault of [...faults, ...this.duplicates(record), ...(await this.orphans(record))]) {
        yield this.sentence(item, fault);
      }
    }
  }

  /** What keeps the records from an index, which are else as they have to be. */
  async *unfit(): AsyncGenerator<string> {
    for await (const item of this.all()) {
      for (const fault of this.unfitKeys(item, item)) yield this.sentence(item, fault);
    }
  }

  /** Whether there is any. */
  async hasSome(): Promise<boolean> {
    for await (const _ of this.all()) return true;
    return false;
  }

  /** Bring every record to the shape; those that have it are only read. Returns how many had not. */
  async apply(isOurs: () => void): Promise<number> {
    let count = 0;
    for await (const item of this.all()) {
      isOurs();
      if (await this.bring(this.keyOf(item))) count += 1;
    }
    return count;
  }

  private async *all(): AsyncGenerator<Input> {
    const TableName = this.database.tableName(this.table.name);
    let from: Record<string, unknown> | undefined;
    do {
      const page: ScanCommandOutput | undefined = await unlessMissing(
        this.database.documents.send(
          new ScanCommand({ TableName, Limit: PAGE, ConsistentRead: true, ExclusiveStartKey: from }),
        ),
      );
      for (const item of page?.Items ?? []) {
        if (!(await isGone(this.database, this.table, item))) yield item;
      }
      from = page?.LastEvaluatedKey;
    } while (from !== undefined);
  }

  private async bring(key: Key): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const item = await getItem(this.database, this.table, key);
      if (item === undefined || (await isGone(this.database, this.table, item))) return false;
      const { next, faults } = this.brought(item);
      if (faults.length > 0) throw this.failure(key, faults.join('; '));
      const kept = await this.withoutGone(next);
      const beside = [...(await this.emptied(next, kept)), ...(await this.beside(fromItem(this.table, kept)))];
      if (beside.length === 0 && isSame(item, kept)) return false;
      if (await this.write([this.recordStep(item, kept), ...beside], key)) return true;
      await backOff(attempt);
    }
    throw this.failure(key, 'it is changed all the time; stop what writes to it');
  }

  private async write(steps: readonly Step[], key: Key): Promise<boolean> {
    try {
      await commit(this.database, steps);
      return true;
    } catch (error) {
      if (error instanceof InTheWay) throw this.failure(key, error.refusal.message);
      if (error instanceof Stale) return false;
      if (error instanceof Error && error.name === 'ValidationException') throw this.failure(key, error.message);
      throw error;
    }
  }

  /** What a record lacks beside it: claims on its unique values, and the items of its references. */
  private async beside(record: Input): Promise<Step[]> {
    const steps: Step[] = [];
    for (const claim of claims(this.table, record)) {
      const owner = await ownerOf(this.database, claim.key);
      if (owner !== this.keyOf(record)) steps.push(take(this.database, this.table, claim, this.keyOf(record)));
    }
    if (!(await isNoted(this.database, this.table, record))) {
      steps.push(...moveReferences(this.database, this.table, NOTHING, record));
    }
    return steps;
  }

  /** The item without its references to records whose deletion is decided and has not emptied them yet, as it will. */
  private async withoutGone(item: Input): Promise<Input> {
    const kept = { ...item };
    for (const { field, table } of this.table.references) {
      const target = tables[table]!;
      const isEmptied = target.dependants.some((each) => each.table === this.table.name && each.field === field && each.onDelete === 'SET_NULL');
      if (!isEmptied || kept[field] === undefined) continue;
      const parent = await unlessMissing(getItem(this.database, target, kept[field] as Key));
      if (parent !== undefined && (await isGone(this.database, target, parent))) Reflect.deleteProperty(kept, field);
    }
    return kept;
  }

  /** What is given up beside a record with the references that it loses. */
  private async emptied(item: Input, kept: Input): Promise<Step[]> {
    if (isSame(item, kept)) return [];
    const [before, after] = [fromItem(this.table, item), fromItem(this.table, kept)];
    return [...moveReferences(this.database, this.table, before, after), ...(await releaseHeld(this.database, this.table, before, after))];
  }

  private recordStep(item: Input, next: Input): Step {
    const condition = {
      TableName: this.database.tableName(this.table.name),
      ConditionExpression: '#version = :version',
      ExpressionAttributeNames: { '#version': VERSION },
      ExpressionAttributeValues: { ':version': item[VERSION] },
    };
    const write = isSame(item, next)
      ? { ConditionCheck: { ...condition, Key: { [this.table.primaryKey]: this.keyOf(item) } } }
      : { Put: { ...condition, Item: { ...next, [VERSION]: Number(item[VERSION]) + 1 } } };
    return { write, refusal: () => new Stale() };
  }

  /** The item as it must be, and what keeps it from being so. */
  brought(item: Input): { readonly next: Input; readonly faults: string[] } {
    const next: Input = { ...item };
    const faults: string[] = [];
    for (const [field, type] of Object.entries(this.fields)) {
      const former = namesOf(this.table.name, field, this.renamed).find((name) => own(item, name) !== undefined);
      const value = former === undefined ? this.defaultOf(field) : item[former];
      if (former !== undefined && !Object.hasOwn(this.fields, former)) Reflect.deleteProperty(next, former);
      next[field] = value === undefined || former === undefined ? value : this.converted(field, type, value, former);
      if (value !== undefined && next[field] === undefined) faults.push(`"${field}" is ${JSON.stringify(value)}, which is no ${type}`);
      if (value === undefined && this.isRequired(field)) faults.push(`"${field}" has no value, and no default: give the field one, or let it be null`);
    }
    return {
      next: Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)),
      faults: [...faults, ...this.unfitKeys(item, next)],
    };
  }

  private converted(field: string, type: string, value: unknown, former: string): unknown {
    const before = own(this.types, former);
    return before === type || Object.hasOwn(this.table.secrecy, field) ? value : convert(this.table, field, value, before);
  }

  /** As it is stored. */
  private defaultOf(field: string): unknown {
    const value = this.isRequired(field) ? own(evolution[this.table.name]!.defaults, field) : undefined;
    return value !== undefined && this.table.fields[field] === 'JSON' ? JSON.stringify(value) : value;
  }

  private isRequired(field: string): boolean {
    return evolution[this.table.name]!.required.includes(field);
  }

  /** What DynamoDB takes for no key, and a primary key that would be another. */
  private unfitKeys(item: Input, next: Input): string[] {
    const { primaryKey, indexed, pairs } = this.table;
    const names = new Set([...indexed, ...pairs.flatMap(({ field, range }) => [field, range])]);
    const unfit = [...names].filter((name) => next[name] === '' || Buffer.byteLength(String(next[name])) > LONGEST_KEY);
    const faults = unfit.map((name) => `"${name}" is empty or longer than ${LONGEST_KEY} bytes, so that no index takes it`);
    if (next[primaryKey] !== undefined && next[primaryKey] !== item[primaryKey]) {
      faults.push(`"${primaryKey}" would become ${JSON.stringify(next[primaryKey])}, and keys do not change`);
    }
    return faults;
  }

  private duplicates(record: Input): string[] {
    return claims(this.table, record).flatMap(({ key, fields }) => {
      const other = this.owners.get(key);
      if (other === undefined) this.owners.set(key, this.keyOf(record));
      return other === undefined ? [] : [`${JSON.stringify(other)} has the same ${fields.join(' and ')}`];
    });
  }

  private async orphans(record: Input): Promise<string[]> {
    const faults: string[] = [];
    for (const { field, table } of this.table.references) {
      const value = (record[field] ?? undefined) as Key | undefined;
      if (value === undefined || (await this.exists(tables[table]!, value))) continue;
      faults.push(`"${field}" is ${JSON.stringify(value)}, which is not in ${table}`);
    }
    return faults;
  }

  private async exists(table: Table, key: Key): Promise<boolean> {
    const item = await unlessMissing(getItem(this.database, table, key));
    return item !== undefined && !(await isGone(this.database, table, item));
  }

  private sentence(item: Input, fault: string): string {
    return `${this.table.name} ${JSON.stringify(this.keyOf(item))}: ${fault}`;
  }

  private keyOf(record: Input): Key {
    return record[this.table.primaryKey] as Key;
  }

  private failure(key: Key, message: string): Error {
    return new Error(`${this.table.name} ${JSON.stringify(key)}: ${message}.`);
  }
}

/** Undefined where the table is not there. */
async function unlessMissing<Output>(read: Promise<Output>): Promise<Output | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function isSame(item: Input, next: Input): boolean {
  const names = Object.keys(next);
  return names.length === Object.keys(item).length && names.every((name) => item[name] === next[name]);
}
