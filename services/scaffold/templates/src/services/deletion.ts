import { setTimeout as sleep } from 'node:timers/promises';

import type { Config } from '../config.js';
import { runOutside } from '../context.js';
import type { Input, Key, Table } from '../types/index.js';
import { goOn } from './background.js';
import { Cascade } from './cascade.js';
import type { Database } from './database.js';
import type { Precondition } from './etag.js';
import { keepAnOwner } from './owners.js';
import { Repository, requireVersion } from './repository.js';

interface Services {
  readonly database: Database;
  readonly config: Pick<Config, 'deletionTimeout'>;
}

/**
 * Delete a record and do to the records that refer to it what the schema says: delete them too (CASCADE), empty the
 * reference (SET_NULL), or refuse with Conflict (RESTRICT). A refusal changes nothing. True means that all of it is
 * done for everybody; false that its time was up while it was still being decided, and that it goes on after the answer.
 * Throws what `permit` throws for the record as it is when its deletion begins.
 */
export async function deleteRecord(
  { database, config }: Services,
  table: Table,
  key: Key,
  permit: (record: Input) => Promise<void>,
  expected?: Precondition,
): Promise<boolean> {
  const records = new Repository<Input>(database, table);
  if (table.dependants.length === 0) {
    await records.delete(key, permit, expected);
    return true;
  }
  const cascade = await records.whileFree(key, async (record) => {
    await permit(record);
    requireVersion(record, expected);
    return Cascade.begin(database, table, record, await keepAnOwner(database, table, record));
  });
  // What has begun is ended, whatever becomes of the request.
  return runOutside(() => carryOut(cascade, config.deletionTimeout));
}

/** What is left of records whose deletion is decided is gone for everybody, too. */
async function carryOut(cascade: Cascade, milliseconds: number): Promise<boolean> {
  const end = Date.now() + milliseconds;
  const decision = cascade.decide();
  const isDecided = await Promise.race([decision.then(() => true), sleep(milliseconds, false, { ref: false })]);
  if (!isDecided && (await cascade.accept())) {
    goOn(decision.then(() => cascade.finish()));
    return false;
  }
  await decision;
  if (!(await cascade.finish(end))) goOn(cascade.finish());
  return true;
}
