import { runOutside } from '../context.js';
import type { Input, Key, Table } from '../types/index.js';
import { goOn } from './background.js';
import { Cascade } from './cascade.js';
import type { Database } from './database.js';
import type { Precondition } from './etag.js';
import { keepAnOwner } from './owners.js';
import { Repository, requireVersion } from './repository.js';

/** So many records are removed before the answer; what is left of them is gone for everybody, too. */
const REMOVED_AT_ONCE = 50;

/**
 * Delete a record and do to the records that refer to it what the schema says: delete them too (CASCADE), empty the
 * reference (SET_NULL), or refuse with Conflict (RESTRICT). A refusal changes nothing. True means that all of it is
 * done for everybody; false that there is so much of it that it is still being decided, and goes on after the answer.
 * Throws what `permit` throws for the record as it is when its deletion begins.
 */
export async function deleteRecord(
  database: Database,
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
  return runOutside(() => carryOut(cascade));
}

async function carryOut(cascade: Cascade): Promise<boolean> {
  const decision = cascade.decide();
  const isDecided = await Promise.race([decision.then(() => true), cascade.isLarge.then(() => false)]);
  if (!isDecided && (await cascade.accept())) {
    goOn(decision.then(() => cascade.finish()));
    return false;
  }
  await decision;
  if (!(await cascade.finish(REMOVED_AT_ONCE))) goOn(cascade.finish());
  return true;
}
