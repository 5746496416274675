import type { Input, ListQuery, Page, Scope, Table } from '../types/index.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { Database } from './database.js';
import { fromItem } from './items.js';
import { Source, compare, sourcesOf, type Place } from './source.js';

/** The lists of one table: all its records, or those with a value in an indexed field, newest first. */
export class Listing<Row extends object> {
  constructor(
    private readonly database: Database,
    private readonly table: Table,
  ) {}

  /** A page of the records that are in scope; several parts of it are merged, and none of them is shown twice. */
  async page({ limit, cursor, filter }: ListQuery, scope: Scope = 'all'): Promise<Page<Row>> {
    const { primaryKey, timestamps } = this.table;
    const start = cursor === undefined ? undefined : this.placeOf(decodeCursor(cursor, [primaryKey, timestamps.created]));
    const sources = sourcesOf(this.table, scope, filter).map((part) => new Source(this.database, this.table, part));

    // One more than the page holds tells whether there is another page.
    const items = await this.merge(sources, limit + 1, start);
    const last = items.length > limit ? items[limit - 1] : undefined;
    return {
      items: items.slice(0, limit).map((item) => fromItem(this.table, item) as Row),
      nextCursor: last ? encodeCursor({ [primaryKey]: this.placeOf(last).key, [timestamps.created]: this.placeOf(last).created }) : null,
    };
  }

  private async merge(sources: readonly Source[], count: number, start: Place | undefined): Promise<Input[]> {
    const parts = await Promise.all(sources.map((source) => source.read(count, start)));
    const items = new Map(parts.flat().map((item) => [item[this.table.primaryKey], item]));
    return [...items.values()].sort((a, b) => compare(this.placeOf(a), this.placeOf(b))).slice(0, count);
  }

  private placeOf(item: Input): Place {
    return { key: item[this.table.primaryKey], created: item[this.table.timestamps.created] } as Place;
  }
}
