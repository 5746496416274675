import DataLoader from 'dataloader';
import type { Request } from 'express';

import { HttpError } from '../errors.js';
import type { Access } from '../services/access.js';
import type { Database } from '../services/database.js';
import { readVisible } from '../services/expansion.js';
import type { Input, Key, Table } from '../types/index.js';

/** Characters of an answer's values. A query that repeats long texts would have far more than the database was asked for. */
const MOST_CHARACTERS = 8_000_000;
/** Of DynamoDB. */
const MOST_IN_BATCH = 100;

/** What the resolvers of one request share. */
export class Context {
  private readonly loaders = new Map<string, DataLoader<Key, Input | null>>();
  private characters = 0;

  constructor(
    private readonly database: Database,
    readonly access: Access,
    readonly request: Request,
  ) {}

  /** The record that a reference leads to; null where the caller may not read it. Those asked for at once are read at once. */
  refer(table: Table, key: Key): Promise<Input | null> {
    let loader = this.loaders.get(table.name);
    if (loader === undefined) {
      const read = async (keys: readonly Key[]) => {
        const records = await readVisible(this.database, this.access, table, keys);
        return keys.map((each) => records.get(each) ?? null);
      };
      loader = new DataLoader(read, { maxBatchSize: MOST_IN_BATCH });
      this.loaders.set(table.name, loader);
    }
    return loader.load(key);
  }

  /** Count a value towards the answer. Throws HttpError where it becomes too large. */
  answer<Value>(value: Value): Value {
    if (typeof value === 'string') this.characters += value.length;
    else if (typeof value === 'object' && value !== null) this.characters += JSON.stringify(value).length;
    if (this.characters > MOST_CHARACTERS) throw new HttpError(400, 'QUERY_TOO_LARGE', 'The answer is too large. Ask for less at once.');
    return value;
  }
}
