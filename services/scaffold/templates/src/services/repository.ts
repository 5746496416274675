import { randomUUID } from 'node:crypto';

import { Conflict, NotFound, VersionChanged } from '../errors.js';
{{importTell}}import type { Input, Key, Table } from '../types/index.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';
import type { Precondition } from './etag.js';
import { MARK, NOTHING, VERSION, fromItem } from './items.js';
import { nextNumber } from './numbers.js';
import { keepAnOwner } from './owners.js';
import { getItem, readRecord } from './reading.js';
import { moveReferences } from './references.js';
import { hasMadeWay, settle } from './removal.js';
import { protect } from './secrets.js';
import { requireSound } from './soundness.js';
import { commit, type Step } from './transaction.js';
import { moveClaims } from './uniqueness.js';
import { InTheWay, Stale, putNew, remove, writeChanges } from './writes.js';

const ATTEMPTS = 8;

/** The records of one table. Input is expected to be valid; what only the database knows is checked here. */
export class Repository<Row extends object> {
  constructor(
    private readonly database: Database,
    private readonly table: Table,
  ) {}

  /**
   * Throws Conflict when the key or a unique value is taken, ValidationFailed when a reference leads nowhere, and what
   * `requireSound` throws. The steps `beside` are done with it or not at all, and their refusals come first.
   */
  async create(input: Input, beside: (record: Row) => Step[] = () => []): Promise<Row> {
    const record = await this.prepare(input);
    requireSound(this.table, NOTHING, record);
    const steps = [...beside(record as Row), ...this.creation(record)];
    await this.retryWhileStale(() => this.commit(steps));
{{tellCreated}}    return record as Row;
  }

  /** The record that an input makes, which is not written yet. */
  async prepare(input: Input): Promise<Input> {
    const { primaryKey, timestamps } = this.table;
    const now = new Date().toISOString();
    return {
      ...(await protect(this.database, this.table, input)),
      [primaryKey]: this.table.generatesKeys ? await this.nextKey() : input[primaryKey],
      [timestamps.created]: now,
      [timestamps.updated]: now,
      [VERSION]: 1,
    };
  }

  /** The steps that write what `prepare` has made. References that are as in `given` are known to lead somewhere. */
  creation(record: Input, given: Input = NOTHING): Step[] {
    return [
      putNew(this.database, this.table, record),
      ...moveReferences(this.database, this.table, NOTHING, record, given),
      ...moveClaims(this.database, this.table, NOTHING, record),
    ];
  }

  /** Throws NotFound. With `expected`, throws VersionChanged when the record is not as expected. */
  async find(key: Key, expected?: Precondition): Promise<Row> {
    return (await this.read(key, expected)) as Row;
  }

  /**
   * Set the fields that `change` makes of the record as it is: whatever it decides by, such as who may do this, still
   * holds when the record is written. Throws what `change`, `find` and `create` throw.
   */
  async update(key: Key, change: (before: Input) => Promise<Input>, expected?: Precondition): Promise<Row> {
    return this.whileFree(key, async (before) => {
      const changes = await change(before);
      requireVersion(before, expected);
      const record = {
        ...before,
        ...(await protect(this.database, this.table, changes)),
        [this.table.timestamps.updated]: new Date().toISOString(),
        [VERSION]: Number(before[VERSION]) + 1,
      };
      requireSound(this.table, before, record);
      await this.commit([
        writeChanges(this.database, this.table, before, record),
        ...moveReferences(this.database, this.table, before, record),
        ...moveClaims(this.database, this.table, before, record),
        ...(await keepAnOwner(this.database, this.table, before, record)),
      ]);
{{tellUpdated}}      return record as unknown as Row;
    });
  }

  /**
   * Delete a record of a table that nothing refers to; for others there is `deleteRecord`. Throws what `permit` and
   * `find` throw.
   */
  async delete(key: Key, permit: (record: Input) => Promise<void>, expected?: Precondition): Promise<void> {
    await this.whileFree(key, async (before) => {
      await permit(before);
      requireVersion(before, expected);
      await this.commit([
        remove(this.database, this.table, before),
        ...moveReferences(this.database, this.table, before, NOTHING),
        ...moveClaims(this.database, this.table, before, NOTHING),
        ...(await keepAnOwner(this.database, this.table, before)),
      ]);
{{tellDeleted}}    });
  }

  async exists(key: Key): Promise<boolean> {
    return (await readRecord(this.database, this.table, key)) !== undefined;
  }

  /**
   * Do something with a record as it is, again where it throws Stale. While a deletion decides about the record, this
   * waits; throws Conflict when that takes too long.
   */
  async whileFree<Result>(key: Key, act: (record: Input) => Promise<Result>): Promise<Result> {
    return this.retryWhileStale(async () => {
      const item = await getItem(this.database, this.table, key);
      if (item === undefined) throw missing(this.table, key);
      if (item[MARK] === undefined) return act(fromItem(this.table, item));
      throw (await settle(this.database, this.table, key)) === 'gone' ? missing(this.table, key) : new Stale();
    });
  }

  private async read(key: Key, expected?: Precondition): Promise<Input> {
    const record = await readRecord(this.database, this.table, key);
    if (record === undefined) throw missing(this.table, key);
    requireVersion(record, expected);
    return record;
  }

  private async commit(steps: readonly Step[]): Promise<void> {
    try {
      await commit(this.database, steps);
    } catch (error) {
      if (!(error instanceof InTheWay)) throw error;
      throw (await hasMadeWay(this.database, error)) ? new Stale() : error.refusal;
    }
  }

  private async nextKey(): Promise<Key> {
    const isNumber = this.table.fields[this.table.primaryKey] === 'INTEGER';
    return isNumber ? nextNumber(this.database, this.table.name) : randomUUID();
  }

  private async retryWhileStale<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let attempts = 1; attempts <= ATTEMPTS; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Stale)) throw error;
        await backOff(attempts);
      }
    }
    throw new Conflict('Too many requests change this record at the moment. Try again.');
  }
}

function missing({ name }: Table, key: Key): NotFound {
  return new NotFound(`There is no record ${JSON.stringify(key)} in ${name}.`);
}

/** Throws VersionChanged. */
export function requireVersion(record: Input, expected: Precondition | undefined): void {
  if (expected !== undefined && !expected(record)) throw new VersionChanged();
}
