import { randomUUID } from 'node:crypto';

import { Conflict } from '../errors.js';
import { teams } from '../models/identity.js';
import { tables } from '../models/index.js';
import type { Dependant, Input, Key, Table } from '../types/index.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';
import { accept, advance, begun, forget, forgetWork, stillChecking, workAdded, workOf, type Deletion } from './deletions.js';
import { MARK, fromItem, hashed } from './items.js';
import { keepAnOwner } from './owners.js';
import { getItem } from './reading.js';
import { referring } from './references.js';
import { removeRecord, settle, unmark } from './removal.js';
import { commit, type Step } from './transaction.js';
import { Stale, mark, markAtVersion } from './writes.js';

const ATTEMPTS = 8;
/** A transaction has at most 100 items; each record takes two, and that of an owner of a team three. */
const MARKED_AT_ONCE = 30;

interface Node {
  readonly table: Table;
  readonly key: Key;
}

/** One deletion: of a record, and of those that go with it. How far it is, one item says. */
export class Cascade {
  private readonly seen = new Set<string>();
  private readonly restricting: { readonly node: Node; readonly refusal: Conflict }[] = [];

  private constructor(
    private readonly database: Database,
    private readonly id: string,
    /** Undefined where its table has left the schema. */
    private readonly root: Node | undefined,
  ) {
    if (root !== undefined) this.seen.add(identity(root));
  }

  /** Mark a record as it was read, so that nothing is added to it from then on. Throws Stale, and what `beside` refuses. */
  static async begin(database: Database, table: Table, record: Input, beside: readonly Step[] = []): Promise<Cascade> {
    const root = { table, key: record[table.primaryKey] as Key };
    const work = { table: table.name, key: root.key };
    const id = randomUUID();
    await commit(database, [
      markAtVersion(database, table, record, id),
      begun(database, id, work),
      workAdded(database, id, work),
      ...beside,
    ]);
    return new Cascade(database, id, root);
  }

  static resume(database: Database, { id, table, key }: Deletion): Cascade {
    const found = tableNamed(table);
    return new Cascade(database, id, found && { table: found, key });
  }

  /**
   * Mark all that goes with the record, then let it all be gone at once. Throws Conflict where something keeps the
   * record from being deleted; then nothing has changed.
   */
  async decide(): Promise<void> {
    try {
      await this.markAll();
      await this.requireNoRest();
      if (!(await advance(this.database, this.id, 'CHECKING', 'COMMITTED'))) throw tooLate();
    } catch (error) {
      await this.takeBack();
      throw error;
    }
  }

  /** Note that the deletion goes on after the answer. False when it is decided. */
  async accept(): Promise<boolean> {
    return accept(this.database, this.id);
  }

  /**
   * Remove the records, until a time in milliseconds since 1970. True when nothing is left of them and of the deletion. What
   * is in a table that has left the schema stays, and the deletion with it: should the table come back, it is gone.
   */
  async finish(end = Infinity): Promise<boolean> {
    let isWhole = true;
    for await (const work of workOf(this.database, this.id)) {
      if (Date.now() >= end) return false;
      const table = tableNamed(work.table);
      if (table === undefined) isWhole = false;
      else await removeRecord(this.database, this.id, table, work.key);
    }
    if (isWhole) await forget(this.database, this.id);
    return isWhole;
  }

  /** Give up a deletion that is not decided. */
  async takeBack(): Promise<void> {
    if (await advance(this.database, this.id, 'CHECKING', 'ABORTED')) await this.clearAway();
  }

  /** Take the marks of a deletion that was given up off its records: without it, those that stay mean nothing. */
  async clearAway(): Promise<void> {
    for await (const work of workOf(this.database, this.id)) {
      const table = tableNamed(work.table);
      if (table !== undefined) await unmark(this.database, this.id, table, work.key);
      await forgetWork(this.database, this.id, work);
    }
    await forget(this.database, this.id);
  }

  private async markAll(): Promise<void> {
    if (this.root === undefined) throw new Conflict('The table of the record has left the schema.');
    const taken = cascading(this.root.table);
    const waiting = [this.root];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const dependant of node.table.dependants) {
        if (dependant.onDelete === 'SET_NULL') continue;
        for await (const keys of referring(this.database, node.table, node.key, dependant, MARKED_AT_ONCE)) {
          const children = keys.map((key) => ({ table: tables[dependant.table]!, key }));
          if (dependant.onDelete === 'CASCADE') waiting.push(...(await this.mark(children, dependant, node)));
          else await this.noteRestricting(children, node, taken);
        }
      }
    }
  }

  /** Mark those of the records that refer to the parent still. Returns them, without those that were seen before. */
  private async mark(nodes: readonly Node[], { field }: Dependant, parent: Node): Promise<Node[]> {
    const fresh = nodes.filter((node) => !this.seen.has(identity(node)));
    if (fresh.length === 0) return [];
    const marked = (await this.tryToMark(fresh, field, parent))
      ? fresh
      : (await inTurn(fresh, (node) => this.markOne(node, field, parent))).filter((node) => node !== undefined);
    for (const node of marked) this.seen.add(identity(node));
    return marked;
  }

  private async markOne(node: Node, field: string, parent: Node): Promise<Node | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (await this.tryToMark([node], field, parent)) return node;
      const item = await getItem(this.database, node.table, node.key);
      if (item?.[MARK] === this.id) return node;
      if (item?.[field] !== parent.key || (await settle(this.database, node.table, node.key)) === 'gone') return undefined;
      await backOff(attempt);
    }
    throw new Conflict('Another deletion is taking the same records along. Try again.');
  }

  private async tryToMark(nodes: readonly Node[], field: string, parent: Node): Promise<boolean> {
    const steps = nodes.flatMap(({ table, key }): Step[] => [
      mark(this.database, table, key, this.id, { field, value: parent.key }),
      workAdded(this.database, this.id, { table: table.name, key }),
    ]);
    try {
      const owners = (await inTurn(nodes, (node) => this.keepAnOwner(node, field))).flat();
      await commit(this.database, [stillChecking(this.database, this.id), ...steps, ...owners]);
      return true;
    } catch (error) {
      if (error instanceof Stale) return false;
      throw error;
    }
  }

  /** A team that loses a member keeps its last owner, unless it goes itself. */
  private async keepAnOwner({ table, key }: Node, field: string): Promise<Step[]> {
    if (teams === undefined || table.name !== teams.memberships || field === teams.team) return [];
    const item = await getItem(this.database, table, key);
    if (item === undefined || this.seen.has(identity({ table: tables[teams.table]!, key: item[teams.team] as Key }))) return [];
    return keepAnOwner(this.database, table, fromItem(table, item));
  }

  /** What restricts is a reason to refuse, unless it may go, too; that shows only at the end. */
  private async noteRestricting(nodes: readonly Node[], parent: Node, taken: ReadonlySet<string>): Promise<void> {
    for (const node of nodes) {
      const refusal = new Conflict(`A record in ${parent.table.name} is still referred to by ${node.table.name}.`);
      this.restricting.push({ node, refusal });
      if (!taken.has(node.table.name)) await this.requireNoRest();
    }
  }

  private async requireNoRest(): Promise<void> {
    for (const { node, refusal } of this.restricting) {
      const item = await getItem(this.database, node.table, node.key);
      if (item?.[MARK] === this.id) continue;
      if ((await settle(this.database, node.table, node.key)) !== 'gone') throw refusal;
    }
    this.restricting.length = 0;
  }
}

/** Undefined where no table of the schema has the name, though every object inherits some. */
function tableNamed(name: string): Table | undefined {
  return Object.hasOwn(tables, name) ? tables[name] : undefined;
}

/** The tables whose records may go with one of this table. */
function cascading(table: Table, names = new Set<string>()): ReadonlySet<string> {
  if (names.has(table.name)) return names;
  names.add(table.name);
  for (const { table: child, onDelete } of table.dependants) {
    if (onDelete === 'CASCADE') cascading(tables[child]!, names);
  }
  return names;
}

function identity({ table, key }: Node): string {
  return `${table.name} ${hashed(key)}`;
}

function tooLate(): Conflict {
  return new Conflict('The deletion took too long and was taken back. Try again.');
}

async function inTurn<Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}
