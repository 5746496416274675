import type { Filter, Input, Key, ListQuery, Page, Scope, Table, Total } from '../types/index.js';
import type { Access } from './access.js';
import { readCursor, writeCursor, type Position } from './cursor.js';
import type { Services } from './index.js';
import { fromItem } from './items.js';
import { PartReader, compare, type Work } from './listPart.js';
import { isInScope, meets, planParts, type Part } from './listPlan.js';
import { readItems } from './reading.js';
import { holder } from './uniqueness.js';

/** A request looks at no more items; a page may therefore be short, or empty, and still not be the last one. */
const MOST_WORK = 2_000;
/** A total is counted as far as this. */
const MOST_COUNTED = 1_000;
const MOST_AT_ONCE = 100;

/** The lists of one table: what a caller may see of it, filtered and sorted, page by page. */
export class Listing<Row extends object> {
  constructor(
    private readonly services: Services,
    private readonly table: Table,
  ) {}

  /** A page of what the caller may read. */
  async pageFor(access: Access, query: ListQuery): Promise<Page<Row>> {
    return this.page(query, await access.scope(this.table), access.caller?.id);
  }

  /** A page's cursor is good for the same caller, filters and order alone. */
  async page(query: ListQuery, scope: Scope, caller: string | undefined): Promise<Page<Row>> {
    const unique = uniqueIn(this.table, query.filters);
    if (unique !== undefined) return { items: await this.lookUp(unique, query, scope), nextCursor: null };

    const { signer } = this.services;
    const list = [this.table.name, query.filters, query.sort, caller ?? null];
    const start = query.cursor === undefined ? undefined : readCursor(signer, query.cursor, list);
    const work = { left: MOST_WORK, decided: new Set<string>() };
    const readers = this.readers(planParts(this.table, query, scope), query, start, work);
    const items = await this.merge(readers, query);
    const place = (items.at(-1)?.[query.sort.field] as Key | undefined) ?? start?.value;
    return {
      items: items.map((item) => fromItem(this.table, item) as Row),
      nextCursor: readers.every(({ isAtEnd }) => isAtEnd) ? null : writeCursor(signer, positionOf(readers, place), list),
    };
  }

  /** How many records the whole list has, of those that the caller may read, as far as they are counted. */
  async total(access: Access, query: ListQuery): Promise<Total> {
    const scope = await access.scope(this.table);
    const unique = uniqueIn(this.table, query.filters);
    if (unique !== undefined) return { value: (await this.lookUp(unique, query, scope)).length, relation: 'eq' };

    const work = { left: MOST_COUNTED, decided: new Set<string>() };
    const readers = this.readers(planParts(this.table, query, scope), query, undefined, work);
    let value = 0;
    for (const reader of readers) {
      for (; (await reader.next(MOST_AT_ONCE)) !== undefined; value += 1) reader.take();
    }
    return { value, relation: readers.every(({ isAtEnd }) => isAtEnd) ? 'eq' : 'gte' };
  }

  private readers(parts: readonly Part[], { sort }: ListQuery, start: Position | undefined, work: Work): PartReader[] {
    return parts.map((part) => new PartReader(this.services.database, this.table, part, sort, start, work));
  }

  /** The first items of all parts together, until there are enough or a part has more but may not be read further. */
  private async merge(readers: readonly PartReader[], { limit, sort }: ListQuery): Promise<Input[]> {
    const items: Input[] = [];
    for (;;) {
      const heads = await Promise.all(readers.map(async (reader) => ({ reader, item: await reader.next(limit + 1) })));
      const isStuck = heads.some(({ reader, item }) => item === undefined && !reader.isAtEnd);
      const rest = heads.filter((head): head is Head => head.item !== undefined);
      if (isStuck || rest.length === 0 || items.length === limit) return items;
      const first = rest.reduce((a, b) => (compare(sort, this.table, b.item, a.item) < 0 ? b : a));
      items.push(first.item);
      first.reader.take();
    }
  }

  /** The one record that can have unique values. Unlike an index, this sees what was written a moment ago. */
  private async lookUp(unique: readonly string[], { filters }: ListQuery, scope: Scope): Promise<Row[]> {
    const values = Object.fromEntries(unique.map((field) => [field, valueOf(filters, field)]));
    const key = await holder(this.services.database, this.table, values);
    const items = key === undefined ? [] : await readItems(this.services.database, this.table, [key]);
    const others = filters.filter(({ field }) => !unique.includes(field));
    return items.filter((item) => meets(item, others) && isInScope(item, scope)).map((item) => fromItem(this.table, item) as Row);
  }
}

interface Head {
  readonly reader: PartReader;
  readonly item: Input;
}

function positionOf(readers: readonly PartReader[], value: Key | undefined): Position {
  return { ...(value === undefined ? {} : { value }), parts: Object.assign({}, ...readers.map(({ position }) => position)) as Position['parts'] };
}

/** Fields that no two records share, of which the filters say every one. */
function uniqueIn({ unique }: Table, filters: readonly Filter[]): readonly string[] | undefined {
  const equal = filters.filter(({ operator }) => operator === 'eq').map(({ field }) => field);
  return unique.find((fields) => fields.every((field) => equal.includes(field)));
}

function valueOf(filters: readonly Filter[], wanted: string): Key {
  return filters.find(({ field, operator }) => field === wanted && operator === 'eq')!.value;
}
