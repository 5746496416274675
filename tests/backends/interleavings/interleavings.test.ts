/** Requests that run at once, in any order of their calls of the database, and with processes that end in between. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import fc from 'fast-check';

import { HttpError } from '../../errors.js';
import { tables } from '../../models/index.js';
import { settled } from '../../services/background.js';
import { deleteRecord } from '../../services/deletion.js';
import type { Precondition } from '../../services/etag.js';
import { VERSION } from '../../services/items.js';
import { readRecord } from '../../services/reading.js';
import { Repository } from '../../services/repository.js';
import { sweep } from '../../services/sweep.js';
import type { Input, Key } from '../../types/index.js';
import { Crash, World } from './world.js';

const RUNS = Number(process.env.INTERLEAVINGS ?? 1000);
const KEYS = ['a', 'b'];

type Action =
  | { readonly kind: 'create'; readonly table: string; readonly record: Input }
  | { readonly kind: 'change'; readonly table: string; readonly key: Key; readonly changes: Input }
  | { readonly kind: 'delete'; readonly table: string; readonly key: Key; readonly expected: number | undefined }
  | { readonly kind: 'read'; readonly table: string; readonly key: Key };

type Outcome = 'done' | 'refused' | 'crashed';

/** How often what came of an action, over all runs. */
const counts = new Map<string, number>();

function count(name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const key = fc.constantFrom(...KEYS);

/** Values for the references of a table, and for what is unique or simply there. */
function fieldsOf(name: string): fc.Arbitrary<Input> {
  const table = tables[name]!;
  const references = table.references.map(({ field, nullable }) => [field, nullable ? fc.option(key, { freq: 2 }) : key] as const);
  return fc.record({ title: key, ...Object.fromEntries(references) });
}

const table = fc.constantFrom(...Object.keys(tables));

function recordOf(name: string, own: fc.Arbitrary<Key>): fc.Arbitrary<{ table: string; record: Input }> {
  const { primaryKey } = tables[name]!;
  return fc.tuple(own, fieldsOf(name)).map(([value, fields]) => ({ table: name, record: { ...fields, [primaryKey]: value } }));
}

const created = table.chain((name) => recordOf(name, key));

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: created.map((record) => ({ kind: 'create' as const, ...record })) },
  {
    weight: 2,
    arbitrary: table.chain((name) =>
      fc.record({ kind: fc.constant('change' as const), table: fc.constant(name), key, changes: fieldsOf(name) }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), table, key, expected: fc.option(fc.constant(1), { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const), table, key }) },
);

/** A request, and after how many calls of the database its process ends. */
const request = fc.record({ action, calls: fc.oneof({ weight: 4, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.nat(30) }) });

function atVersion(version: number | undefined): Precondition | undefined {
  return version === undefined ? undefined : (record) => record[VERSION] === version;
}

async function carryOut(action: Action, database: ReturnType<World['connect']>): Promise<unknown> {
  const table = tables[action.table]!;
  const records = new Repository<Input>(database, table);
  switch (action.kind) {
    case 'create':
      return records.create(action.record);
    case 'change':
      return records.update(action.key, async () => action.changes);
    case 'delete':
      return deleteRecord({ database, config: { deletionTimeout: 60_000 } }, table, action.key, async () => {}, atVersion(action.expected));
    case 'read':
      return readRecord(database, table, action.key);
  }
}

async function attempt(action: Action, database: ReturnType<World['connect']>): Promise<Outcome> {
  let outcome: Outcome = 'done';
  try {
    await carryOut(action, database);
  } catch (error) {
    if (error instanceof Crash) outcome = 'crashed';
    else if (error instanceof HttpError) outcome = 'refused';
    else throw error;
  }
  count(`${action.kind} ${outcome}`);
  if (action.kind === 'delete' && outcome === 'done') count(`deleted of ${action.table}`);
  return outcome;
}

/** All records as they are stored, without what marks them. */
function snapshot(world: World): string[] {
  const records = Object.values(tables).flatMap((table) => world.records(table).map((item) => JSON.stringify([table.name, Object.entries(item).sort()])));
  return records.sort();
}

/** Most of the records that there can be, in the order of the tables, so that what they refer to is mostly there. */
const start = fc
  .tuple(...Object.keys(tables).flatMap((name) => KEYS.map((own) => fc.option(recordOf(name, fc.constant(own)), { freq: 3 }))))
  .map((records) => records.filter((record) => record !== null));

test(`nothing is lost in ${RUNS} interleavings`, { timeout: 3_600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(start, fc.array(request, { minLength: 2, maxLength: 5 }), fc.scheduler(), async (records, requests, scheduler) => {
      const world = new World();
      for (const record of records) await attempt({ kind: 'create', ...record }, world.connect(undefined));
      const before = snapshot(world);

      const answers = Promise.all(requests.map(({ action, calls }) => attempt(action, world.connect(scheduler, calls))));
      const outcomes = await scheduler.waitFor(answers);
      await scheduler.waitFor(settled());

      // Whatever a process that ended has left is brought to an end.
      world.expireLeases();
      await sweep(world.connect(undefined));
      world.check();
      requests.forEach(({ action }, number) => requireGone(world, requests.map((one) => one.action), action, outcomes[number]!));
      if (requests.every(({ action }, number) => action.kind === 'read' || outcomes[number] === 'refused')) {
        assert.deepEqual(snapshot(world), before);
        count('nothing but refusals');
      }
    }),
    { numRuns: RUNS, endOnFailure: true, verbose: 1 },
  );
});

/** What was deleted is gone, unless somebody has created it again. */
function requireGone(world: World, actions: readonly Action[], action: Action, outcome: Outcome): void {
  if (action.kind !== 'delete' || outcome !== 'done') return;
  const isAgain = actions.some((other) => other.kind === 'create' && other.table === action.table && other.record[tables[other.table]!.primaryKey] === action.key);
  if (!isAgain) assert.equal(world.find(tables[action.table]!, action.key), undefined);
}

after(() => {
  console.log(Object.fromEntries([...counts].sort()));
});
