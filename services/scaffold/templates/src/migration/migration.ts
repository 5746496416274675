/** A database on its way to what the code needs: planned, checked, carried out, verified. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { CreateTableCommandInput, GlobalSecondaryIndexUpdate } from '@aws-sdk/client-dynamodb';

import { tables } from '../models/index.js';
import type { Database } from '../services/database.js';
import { createTables, tableInputs } from '../tables.js';
import { FRESH_MS } from './gate.js';
import { changeIndex, keysOf, layoutOf, type Layout } from './indexes.js';
import { giveUpLeftovers } from './leftovers.js';
import { own } from './own.js';
import { anotherKey, planMigration, type Plan } from './plan.js';
import { Records } from './records.js';
import { shape } from './shape.js';
import { begin, complete, isSame, readState, type State } from './state.js';

const MOST_FAULTS = 100;
/** After so long, every server has looked at the database again, and has been answered. */
const NOTICED_MS = 2 * FRESH_MS;

interface Place {
  readonly input: CreateTableCommandInput;
  readonly layout: Layout;
}

export class Migration {
  private constructor(
    private readonly database: Database,
    private readonly state: State,
    private readonly plan: Plan,
    private readonly places: readonly Place[],
  ) {}

  static async prepare(database: Database): Promise<Migration> {
    const state = await readState(database);
    const isElsewhere = state.target !== undefined && !isSame(state.target, shape);
    // What another migration has left half done is not known to be like anything.
    const known = isElsewhere ? { ...state, shape: undefined, types: {} } : state;
    const places: Place[] = [];
    for (const input of await tableInputs(database)) places.push({ input, layout: await layoutOf(database, input) });
    return new Migration(database, known, planMigration(known, shape), places);
  }

  /** What will be done, in words. */
  get steps(): string[] {
    const missing = this.places.filter(({ layout }) => layout.primaryKey === undefined);
    return [
      ...missing.map(({ input }) => `create the table ${input.TableName}`),
      ...this.plan.steps.filter((step) => !/: (?:create|drop) the index over /.test(step)),
      ...this.changes('drops').map(({ input, update }) => `${input.TableName}: drop the index ${update.Delete?.IndexName}`),
      ...this.changes('creations').map(({ input, update }) => `${input.TableName}: create the index ${update.Create?.IndexName}`),
    ];
  }

  /** What stands in its way, at most a hundred sentences. Changes nothing. */
  async faults(isOurs: () => void = () => {}): Promise<string[]> {
    const faults = [...this.plan.refusals, ...this.otherKeys()];
    if (faults.length > 0) return faults;
    for await (const fault of this.faultsOfRecords()) {
      isOurs();
      if (faults.push(fault) >= MOST_FAULTS) break;
    }
    return faults;
  }

  /** Do it. Stopped anywhere, it can be done again, and goes on with what is left. Throws where it finds a fault. */
  async apply(isOurs: () => void): Promise<number> {
    await createTables(this.database);
    const state = await this.begin();
    await this.changeIndexes('drops', isOurs);
    const count = await this.bring(isOurs);
    await this.verify(isOurs);
    await this.changeIndexes('creations', isOurs);
    isOurs();
    await complete(this.database, state);
    return count;
  }

  /** From here on nobody serves, unless nobody could notice: with no records to change and no index to drop. */
  private async begin(): Promise<State> {
    const isSeen = this.changes('drops').length > 0 || (await this.hasRecords());
    if (!isSeen && this.state.target === undefined) return this.state;
    const state = await begin(this.database, this.state);
    await sleep(NOTICED_MS);
    return state;
  }

  private async hasRecords(): Promise<boolean> {
    for (const name of this.plan.tables) if (await this.records(name).hasSome()) return true;
    return false;
  }

  private async bring(isOurs: () => void): Promise<number> {
    if (this.plan.steps.length === 0) return 0;
    await giveUpLeftovers(this.database, (table, item) => this.records(table.name).brought(item).next, isOurs);
    let count = 0;
    for (const name of this.plan.tables) count += await this.records(name).apply(isOurs);
    return count;
  }

  /** Throws where something is left to do: then somebody writes as before. */
  private async verify(isOurs: () => void): Promise<void> {
    for (const name of this.plan.tables) {
      const left = await this.records(name).apply(isOurs);
      if (left > 0) throw new Error(`${name}: ${left} records were written as before meanwhile. Stop what does, and repeat.`);
    }
  }

  private async *faultsOfRecords(): AsyncGenerator<string> {
    for (const name of this.plan.tables) yield* this.records(name).faults();
    for (const name of this.plan.indexed) yield* this.records(name).unfit();
  }

  private async changeIndexes(kind: 'drops' | 'creations', isOurs: () => void): Promise<void> {
    for (const { input, update } of this.changes(kind)) await changeIndex(this.database, input, update, isOurs);
  }

  private changes(kind: 'drops' | 'creations'): { input: CreateTableCommandInput; update: GlobalSecondaryIndexUpdate }[] {
    return this.places.flatMap(({ input, layout }) => layout[kind].map((update) => ({ input, update })));
  }

  /** Of tables of which only DynamoDB knows what they are like. */
  private otherKeys(): string[] {
    return this.places.flatMap(({ input, layout: { primaryKey } }) => {
      const needed = keysOf(input.KeySchema, input.AttributeDefinitions);
      return primaryKey === undefined || primaryKey === needed ? [] : [`${input.TableName}: ${anotherKey(primaryKey, needed)}`];
    });
  }

  private records(name: string): Records {
    const [noted, target] = [own(this.state.shape ?? {}, name), own(this.state.target ?? {}, name)];
    return new Records(this.database, tables[name]!, own(this.state.types, name) ?? {}, { ...noted?.renamed, ...target?.renamed });
  }
}
