import { randomUUID } from 'node:crypto';

import { GetCommand } from '@aws-sdk/lib-dynamodb';

import { Conflict, NotFound, VersionChanged } from '../errors.js';
import type { Input, Key, Table } from '../types/index.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';
import { NOTHING, VERSION, fromItem } from './items.js';
import { nextNumber } from './numbers.js';
import { checkReferences } from './references.js';
import { commit } from './transaction.js';
import { moveClaims } from './uniqueness.js';
import { Stale, putNew, remove, replace } from './writes.js';

const ATTEMPTS = 8;

/** The records of one table. Input is expected to be valid; what only the database knows is checked here. */
export class Repository<Row extends object> {
  constructor(
    private readonly database: Database,
    private readonly table: Table,
  ) {}

  /** Throws Conflict when the key or a unique value is taken, ValidationFailed when a reference leads nowhere. */
  async create(input: Input): Promise<Row> {
    const { primaryKey, timestamps } = this.table;
    const now = new Date().toISOString();
    const record = {
      ...input,
      [primaryKey]: this.table.generatesKeys ? await this.nextKey() : input[primaryKey],
      [timestamps.created]: now,
      [timestamps.updated]: now,
      [VERSION]: 1,
    };
    await commit(this.database, [
      putNew(this.database, this.table, record),
      ...checkReferences(this.database, this.table, NOTHING, record),
      ...moveClaims(this.database, this.table, NOTHING, record),
    ]);
    return record as Row;
  }

  /** Throws NotFound. With `expected`, throws VersionChanged when the record is at another version. */
  async find(key: Key, expected?: number): Promise<Row> {
    return (await this.read(key, expected)) as Row;
  }

  /**
   * Set the fields that `change` makes of the record as it is: whatever it decides by, such as who may do this, still
   * holds when the record is written. Throws what `change`, `find` and `create` throw.
   */
  async update(key: Key, change: (before: Input) => Promise<Input>, expected?: number): Promise<Row> {
    return this.retryWhileStale(async () => {
      const before = await this.read(key);
      const changes = await change(before);
      requireVersion(before, expected);
      const record = {
        ...before,
        ...changes,
        [this.table.timestamps.updated]: new Date().toISOString(),
        [VERSION]: Number(before[VERSION]) + 1,
      };
      await commit(this.database, [
        replace(this.database, this.table, before, record),
        ...checkReferences(this.database, this.table, before, record),
        ...moveClaims(this.database, this.table, before, record),
      ]);
      return record as unknown as Row;
    });
  }

  /** Leaves alone the records that refer to this one. Throws what `find` throws. */
  async delete(key: Key, expected?: number): Promise<void> {
    await this.retryWhileStale(async () => {
      const before = await this.read(key, expected);
      await commit(this.database, [
        remove(this.database, this.table, before),
        ...moveClaims(this.database, this.table, before, NOTHING),
      ]);
    });
  }

  private async read(key: Key, expected?: number): Promise<Input> {
    const { Item } = await this.database.documents.send(
      new GetCommand({
        TableName: this.database.tableName(this.table.name),
        Key: { [this.table.primaryKey]: key },
        ConsistentRead: true,
      }),
    );
    if (Item === undefined) throw new NotFound(`There is no record ${JSON.stringify(key)} in ${this.table.name}.`);
    const record = fromItem(this.table, Item);
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

function requireVersion(record: Input, expected: number | undefined): void {
  if (expected !== undefined && record[VERSION] !== expected) throw new VersionChanged(expected);
}
