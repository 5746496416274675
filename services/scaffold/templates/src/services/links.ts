import { createHash } from 'node:crypto';

import { Conflict, NotFound } from '../errors.js';
import { tables } from '../models/index.js';
import type { Input, Key, Link, ListQuery, Page, Table } from '../types/index.js';
import { bodies } from '../validation/index.js';
import type { Access } from './access.js';
import { deleteRecord } from './deletion.js';
import type { Services } from './index.js';
import { fromItem } from './items.js';
import { Listing } from './listing.js';
import { readItems } from './reading.js';
import { Repository } from './repository.js';
import { holder } from './uniqueness.js';

/** The links of one relationship of many to many, from one of its sides. */
export class Links<Row extends object> {
  private readonly through: Table;
  /** Whether its table is one that the schema does not have: then its records are links and nothing else. */
  private readonly isMade: boolean;
  private readonly records: Repository<Input>;

  constructor(
    private readonly services: Services,
    private readonly table: Table,
    private readonly link: Link,
  ) {
    const { database } = services;
    this.through = tables[link.through]!;
    this.isMade = bodies[link.through] === undefined;
    this.records = new Repository(database, this.through);
  }

  /** Link two records. Nothing changes when they are linked already. Throws what `toUpdate` and `toTie` of Access throw. */
  async add(own: Key, other: Key, access: Access): Promise<void> {
    await this.permitEnds(own, other, access);
    const ends = this.ends(own, other);
    if ((await this.find(ends)) !== undefined) return;
    try {
      await this.records.create(await this.record(ends, access));
    } catch (error) {
      // Somebody else has linked them in the meantime.
      if (!(error instanceof Conflict && (await this.find(ends)) !== undefined)) throw error;
    }
  }

  /** Nothing changes when the two are not linked. Throws as `add`. */
  async remove(own: Key, other: Key, access: Access): Promise<void> {
    await this.permitEnds(own, other, access);
    const key = await this.find(this.ends(own, other));
    if (key !== undefined) await absentIsFine(deleteRecord(this.services, this.through, key, this.permit(access)));
  }

  /** The records on the other side that the caller may read, those that were linked last first. */
  async page(own: Key, paging: { readonly limit: number; readonly cursor?: string }, access: Access): Promise<Page<Row>> {
    const { database } = this.services;
    const query: ListQuery = {
      ...paging,
      filters: [{ field: this.link.field, operator: 'eq', value: own }],
      sort: { field: this.through.timestamps.created, isDescending: true },
      expand: [],
      isCounted: false,
    };
    const scope = this.isMade ? 'all' : await access.scope(this.through);
    const page = await new Listing<Input>(this.services, this.through).page(query, scope, access.caller?.id);
    const other = tables[this.link.table]!;
    const keys = page.items.map((record) => record[this.link.other] as Key);
    const records = (await readItems(database, other, keys)).map((item) => fromItem(other, item));
    const isVisible = await Promise.all(records.map((record) => access.mayRead(other, record)));
    const byKey = new Map(records.filter((_, number) => isVisible[number]).map((record) => [record[other.primaryKey], record]));
    return { items: keys.flatMap((key) => byKey.get(key) ?? []) as Row[], nextCursor: page.nextCursor };
  }

  /** To link is to change the record on one side, and to tie it to that on the other, from whichever side it is done. */
  private async permitEnds(own: Key, other: Key, access: Access): Promise<void> {
    const linked = tables[this.link.table]!;
    const here = { table: this.table, record: await this.read(this.table, own) };
    const there = { table: linked, record: await this.read(linked, other) };
    const [changed, tied] = this.link.isChanged ? [here, there] : [there, here];
    await access.toUpdate(changed.table, changed.record, {});
    await access.toTie(changed.table, changed.record, tied.table, tied.record);
  }

  private async read(table: Table, key: Key): Promise<Input> {
    return new Repository<Input>(this.services.database, table).find(key);
  }

  private ends(own: Key, other: Key): Input {
    return { [this.link.field]: own, [this.link.other]: other };
  }

  private async record(ends: Input, access: Access): Promise<Input> {
    if (this.isMade) return { ...ends, [this.through.primaryKey]: this.keyOf(ends) };
    return access.toCreate(this.through, bodies[this.through.name]!.create.validate(ends).value as Input);
  }

  /** A table of the schema has a policy for its records; other links are as free as what they link. */
  private permit(access: Access): (record: Input) => Promise<void> {
    return async (record) => {
      if (!this.isMade) await access.toDelete(this.through, record);
    };
  }

  /** The key of the link between two records. */
  private async find(ends: Input): Promise<Key | undefined> {
    if (!this.isMade) return holder(this.services.database, this.through, ends);
    const key = this.keyOf(ends);
    return (await absentIsFine(this.records.find(key))) && key;
  }

  /** A table of nothing but links has keys that follow from the two ends, so that no two links are the same. */
  private keyOf(ends: Input): string {
    const values = this.through.references.map(({ field }) => ends[field]);
    return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
  }
}

async function absentIsFine<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
