import { Cascade } from './cascade.js';
import type { Database } from './database.js';
import { deletions, isLate, takeOver } from './deletions.js';

/** Bring every deletion that was left behind, by a crash or for its size, to its end. Returns how many there were. */
export async function sweep(database: Database): Promise<number> {
  let count = 0;
  for await (const deletion of deletions(database)) {
    const cascade = Cascade.resume(database, deletion);
    const isLeft = deletion.until < Date.now();
    if (deletion.state === 'COMMITTED') await cascade.finish();
    else if (deletion.state === 'ABORTED') await cascade.clearAway();
    else if (isLate(deletion)) await cascade.takeBack();
    else if (isLeft && (await takeOver(database, deletion))) await cascade.decide().then(() => cascade.finish());
    else continue;
    count += 1;
  }
  return count;
}
