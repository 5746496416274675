import { Conflict } from '../errors.js';
import { Cascade } from './cascade.js';
import type { Database } from './database.js';
import { deletions, isLate, takeOver, type Deletion } from './deletions.js';

/** Bring every deletion that was left behind, by a crash or for its size, to its end. Returns how many there were. */
export async function sweep(database: Database): Promise<number> {
  let count = 0;
  for await (const deletion of deletions(database)) if (await end(database, deletion)) count += 1;
  return count;
}

/** False for one that somebody is at, or of which something stays. */
async function end(database: Database, deletion: Deletion): Promise<boolean> {
  const cascade = Cascade.resume(database, deletion);
  if (deletion.state === 'COMMITTED') return cascade.finish();
  if (deletion.state === 'ABORTED') await cascade.clearAway();
  else if (isLate(deletion)) await cascade.takeBack();
  else if (deletion.until < Date.now() && (await takeOver(database, deletion))) return decide(cascade);
  else return false;
  return true;
}

async function decide(cascade: Cascade): Promise<boolean> {
  try {
    await cascade.decide();
  } catch (error) {
    if (error instanceof Conflict) return true; // it was taken back
    throw error;
  }
  return cascade.finish();
}
