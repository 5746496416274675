/** A database in memory that several requests use at once, and what must be true of it when all have ended. */
import assert from 'node:assert/strict';

import type { Scheduler } from 'fast-check';

import { tables } from '../../models/index.js';
import type { Database } from '../../services/database.js';
import { MARK, hashed } from '../../services/items.js';
import type { Key, Table } from '../../types/index.js';
import { Store, type Item } from './store.js';

const REFERENCES = 'system-references';
const SYSTEM = 'system-records';

/** A request's process ended in the middle of it. */
export class Crash extends Error {}

export class World {
  private readonly store = new Store(keysOf);

  /** A connection of one request, whose process ends after so many calls. */
  connect(scheduler: Scheduler | undefined, calls = Infinity): Database {
    let left = calls;
    const send = async (command: { readonly input: unknown }): Promise<unknown> => {
      await scheduler?.schedule(Promise.resolve(), command.constructor.name);
      left -= 1;
      if (left < 0) throw new Crash();
      const answer = this.store.run(command.constructor.name, command.input);
      this.checkAtAnyTime();
      return answer;
    };
    const database = { documents: { send }, systemTable: SYSTEM, referencesTable: REFERENCES, tableName: (name: string) => name };
    return database as unknown as Database;
  }

  /** Time passes, in which no process that has ended says that it is alive. */
  expireLeases(): void {
    for (const item of this.store.items(REFERENCES)) if ('until' in item) item.until = 0;
  }

  records(table: Table): Item[] {
    return this.store.items(table.name);
  }

  find(table: Table, key: Key): Item | undefined {
    return this.records(table).find((item) => item[table.primaryKey] === key);
  }

  /** Whoever sees a record sees what it refers to, unless its reference is about to be emptied. */
  private checkAtAnyTime(): void {
    for (const table of Object.values(tables)) {
      for (const { table: child, field, onDelete } of table.dependants) {
        for (const record of this.records(tables[child]!)) {
          if (!(field in record) || this.isGone(record)) continue;
          const parent = this.find(table, record[field] as Key);
          assert.ok(parent !== undefined && (onDelete === 'SET_NULL' || !this.isGone(parent)), `${child} has lost its ${field}`);
        }
      }
    }
  }

  private isGone(record: Item): boolean {
    const deletion = this.store.items(REFERENCES).find(({ id }) => id !== undefined && id === record[MARK]);
    return deletion?.state === 'COMMITTED';
  }

  /** Nothing refers to nothing; and what is kept beside the records is what they say, and no more. */
  check(): void {
    const references: string[] = [];
    let claims = 0;
    for (const table of Object.values(tables)) {
      for (const record of this.records(table)) {
        const key = record[table.primaryKey] as Key;
        assert.equal(record[MARK], undefined, `${table.name} ${key} is marked`);
        claims += table.unique.filter((fields) => fields.every((field) => field in record)).length;
        for (const { field, table: target } of table.references) {
          if (!(field in record)) continue;
          const value = record[field] as Key;
          assert.ok(this.find(tables[target]!, value), `${table.name} ${key}: ${field} ${value} is not there`);
          references.push(`${target} ${hashed(value)} ${table.name} ${field} ${hashed(key)}`);
        }
      }
    }
    const items = this.store.items(REFERENCES).map(({ parent, child }) => `${String(parent)} ${String(child)}`);
    assert.deepEqual(items.sort(), references.sort());
    assert.equal(this.store.items(SYSTEM).length, claims);
  }
}

function keysOf(table: string): readonly string[] {
  if (table === SYSTEM) return ['key'];
  return table === REFERENCES ? ['parent', 'child'] : [tables[table]!.primaryKey];
}
