import { randomUUID } from 'node:crypto';

import { Conflict, NotFound, VersionChanged } from '../errors.js';
import type { Input, Key, Table } from '../types/index.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';
import type { Precondition } from './etag.js';
import { NOTHING, VERSION } from './items.js';
import { nextNumber } from './numbers.js';
import { keepAnOwner } from './owners.js';
import { readRecord } from './reading.js';
import { checkReferences } from './references.js';
import { protect } from './secrets.js';
import { commit, type Step } from './transaction.js';
import { moveClaims } from './uniqueness.js';
import { Stale, putNew, remove, replace } from './writes.js';

const ATTEMPTS = 8;

/** The records of one table. Input is expected to be valid; what only the database knows is checked here. */
export class Repository<Row extends object> {
  constructor(
    private readonly database: Database,
    private readonly table: Table,
  ) {}

  /**
   * Throws Conflict when the key or a unique value is taken, ValidationFailed when a reference leads nowhere. The steps
   * `beside` are done with it or not at all, and their refusals come first.
   */
  async create(input: Input, beside: (record: Row) => Step[] = () => []): Promise<Row> {
    const record = await this.prepare(input);
    await commit(this.database, [...beside(record as Row), ...this.creation(record)]);
    return record as Row;
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
      ...checkReferences(this.database, this.table, given, record),
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
    return this.retryWhileStale(async () => {
      const before = await this.read(key);
      const changes = await change(before);
      requireVersion(before, expected);
      const record = {
        ...before,
        ...(await protect(this.database, this.table, changes)),
        [this.table.timestamps.updated]: new Date().toISOString(),
        [VERSION]: Number(before[VERSION]) + 1,
      };
      await commit(this.database, [
        replace(this.database, this.table, before, record),
        ...checkReferences(this.database, this.table, before, record),
        ...moveClaims(this.database, this.table, before, record),
        ...(await keepAnOwner(this.database, this.table, before, record)),
      ]);
      return record as unknown as Row;
    });
  }

  /** Leaves alone the records that refer to this one. The steps `beside` are done with it. Throws what `find` throws. */
  async delete(
    key: Key,
    expected?: Precondition,
    beside: (before: Input) => Promise<Step[]> = () => Promise.resolve([]),
  ): Promise<void> {
    await this.retryWhileStale(async () => {
      const before = await this.read(key, expected);
      await commit(this.database, [
        remove(this.database, this.table, before),
        ...moveClaims(this.database, this.table, before, NOTHING),
        ...(await beside(before)),
      ]);
    });
  }

  async exists(key: Key): Promise<boolean> {
    return (await readRecord(this.database, this.table, key)) !== undefined;
  }

  private async read(key: Key, expected?: Precondition): Promise<Input> {
    const record = await readRecord(this.database, this.table, key);
    if (record === undefined) throw new NotFound(`There is no record ${JSON.stringify(key)} in ${this.table.name}.`);
    requireVersion(record, expected);
    return record;
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

function requireVersion(record: Input, expected: Precondition | undefined): void {
  if (expected !== undefined && !expected(record)) throw new VersionChanged();
}
