import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import type { Input, Key, Sort, Table } from '../types/index.js';
import type { Position } from './cursor.js';
import type { Database } from './database.js';
import type { IndexPart, Part } from './listPlan.js';
import { isGone, readItems } from './reading.js';

/** How many items a request may still look at, over all parts of its list. */
export interface Work {
  left: number;
  /** The deletions that it has found to be decided. */
  readonly decided: Set<string>;
}

/** One part of a list as it is read: its items in order, a few at a time. */
export class PartReader {
  private readonly items: Input[] = [];
  private isRead = false;
  private last: readonly [Key, Key] | undefined;

  constructor(
    private readonly database: Database,
    private readonly table: Table,
    private readonly part: Part,
    private readonly sort: Sort,
    private readonly start: Position | undefined,
    private readonly work: Work,
  ) {
    this.last = start?.parts[part.name];
  }

  /** The next item that the list shows; undefined at the end, and where no work is left. */
  async next(count: number): Promise<Input | undefined> {
    for (;;) {
      const item = this.items[0];
      if (item !== undefined && this.part.shows(item) && !(await isGone(this.database, this.table, item, this.work.decided))) return item;
      if (item !== undefined) this.take();
      else if (this.isRead || this.work.left <= 0) return undefined;
      else await this.read(count);
    }
  }

  take(): void {
    const item = this.items.shift()!;
    this.last = [item[this.sort.field] as Key, item[this.table.primaryKey] as Key];
  }

  get isAtEnd(): boolean {
    return this.isRead && this.items.length === 0;
  }

  /** The last item that was looked at, under the name of the part. */
  get position(): Position['parts'] {
    return this.last === undefined ? {} : { [this.part.name]: this.last };
  }

  private async read(count: number): Promise<void> {
    const { from } = this.part;
    const items = 'keys' in from ? await this.readKeys(from.keys) : await this.readIndex(from, count);
    this.work.left -= items.length;
    this.items.push(...items);
  }

  private async readKeys(keys: readonly Key[]): Promise<Input[]> {
    const items = await readItems(this.database, this.table, keys);
    this.isRead = true;
    return items.filter((item) => this.isAhead(item)).sort((a, b) => compare(this.sort, this.table, a, b));
  }

  private isAhead(item: Input): boolean {
    if (this.last === undefined) return true;
    const [value, key] = this.last;
    return compare(this.sort, this.table, { [this.sort.field]: value, [this.table.primaryKey]: key }, item) < 0;
  }

  private async readIndex(part: IndexPart, count: number): Promise<Input[]> {
    const { low, high } = this.bounds(part);
    if (low !== undefined && high !== undefined && low > high) {
      this.isRead = true;
      return [];
    }
    const { Items = [], LastEvaluatedKey } = await this.database.documents.send(
      new QueryCommand({
        TableName: this.database.tableName(this.table.name),
        IndexName: part.index,
        ...keyCondition(part, low, high),
        ScanIndexForward: !this.sort.isDescending,
        Limit: count,
        ExclusiveStartKey: this.last && {
          [part.hash]: part.value,
          [part.range]: this.last[0],
          [this.table.primaryKey]: this.last[1],
        },
      }),
    );
    this.isRead = LastEvaluatedKey === undefined;
    return Items;
  }

  /** A part that the list has shown nothing of goes on where the list is. */
  private bounds({ low, high }: IndexPart): { low: Key | undefined; high: Key | undefined } {
    const place = this.last === undefined ? this.start?.value : undefined;
    if (place === undefined) return { low, high };
    if (this.sort.isDescending) return { low, high: high !== undefined && high < place ? high : place };
    return { low: low !== undefined && low > place ? low : place, high };
  }
}

/** Negative where a list has `a` before `b`. Records with the same value are in the order of their keys. */
export function compare(sort: Sort, table: Table, a: Input, b: Input): number {
  const direction = sort.isDescending ? -1 : 1;
  return direction * order(a[sort.field] as Key, b[sort.field] as Key) || order(a[table.primaryKey] as Key, b[table.primaryKey] as Key);
}

function order(a: Key, b: Key): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function keyCondition({ hash, value, range }: IndexPart, low: Key | undefined, high: Key | undefined) {
  const bounds = Object.entries({ ':low': low, ':high': high }).filter(([, bound]) => bound !== undefined);
  const conditions: Record<string, string> = { ':low': ' AND #range >= :low', ':high': ' AND #range <= :high' };
  const [bound] = bounds;
  const condition = bounds.length === 2 ? ' AND #range BETWEEN :low AND :high' : bound ? conditions[bound[0]] : '';
  return {
    KeyConditionExpression: `#hash = :hash${condition}`,
    ExpressionAttributeNames: { '#hash': hash, ...(bound ? { '#range': range } : {}) },
    ExpressionAttributeValues: { ':hash': value, ...Object.fromEntries(bounds) },
  };
}
