/** A database on its way to what the code needs: planned, checked, carried out, verified. */
import type { CreateTableCommandInput, GlobalSecondaryIndexUpdate } from '@aws-sdk/client-dynamodb';

import { tables } from '../models/index.js';
import type { Database } from '../services/database.js';
import { createTables, tableInputs } from '../tables.js';
import { changeIndex, indexChanges } from './indexes.js';
import { planMigration, type Plan } from './plan.js';
import { Records } from './records.js';
import { noteShape, shape, storedShape, type Shape } from './shape.js';

const MOST_FAULTS = 100;

interface Change {
  readonly input: CreateTableCommandInput;
  readonly update: GlobalSecondaryIndexUpdate;
}

export class Migration {
  private constructor(
    private readonly database: Database,
    private readonly from: Shape | undefined,
    readonly plan: Plan,
    private readonly indexes: readonly Change[],
  ) {}

  static async prepare(database: Database): Promise<Migration> {
    const from = await storedShape(database);
    const changes: Change[] = [];
    for (const input of await tableInputs(database)) {
      changes.push(...(await indexChanges(database, input)).map((update) => ({ input, update })));
    }
    return new Migration(database, from, planMigration(from, shape), changes);
  }

  /** What will be done, in words. */
  get steps(): string[] {
    const indexes = this.indexes.map(({ input, update }) => {
      const verb = update.Create === undefined ? 'drop' : 'create';
      return `${input.TableName}: ${verb} the index ${(update.Create ?? update.Delete)?.IndexName}`;
    });
    return [...this.plan.steps.filter((step) => !/: (?:create|drop) the index /.test(step)), ...indexes];
  }

  /** What stands in its way, at most a hundred sentences. Changes nothing. */
  async faults(): Promise<string[]> {
    const faults = [...this.plan.refusals];
    for (const name of this.plan.tables) {
      for await (const fault of this.records(name).faults()) {
        if (faults.push(fault) >= MOST_FAULTS) return faults;
      }
    }
    return faults;
  }

  /** Do it. Stopped anywhere, it can be done again, and goes on with what is left. Throws where it finds a fault. */
  async apply(renew: () => Promise<void>): Promise<number> {
    await createTables(this.database);
    for (const { input, update } of this.indexes) await changeIndex(this.database, input, update, renew);
    let count = 0;
    for (const name of this.plan.tables) count += await this.records(name).apply(renew);
    await this.verify(renew);
    await noteShape(this.database);
    return count;
  }

  /** Throws where something is left to do: then somebody writes as before. */
  private async verify(renew: () => Promise<void>): Promise<void> {
    for (const name of this.plan.tables) {
      const left = await this.records(name).apply(renew);
      if (left > 0) throw new Error(`${name}: ${left} records were written as before meanwhile. Stop what does, and repeat.`);
    }
  }

  private records(name: string): Records {
    return new Records(this.database, tables[name]!, this.from);
  }
}
