/** What keeps the code from serving a database that is not as it needs. */
import type { RequestHandler } from 'express';

import { Unavailable } from '../errors.js';
import type { Lifecycle } from '../middleware/health.js';
import type { Database } from '../services/database.js';
import { isCompatible } from './plan.js';
import { isEmpty, shape, withTypes } from './shape.js';
import { complete, isSame, noteTypes, readState } from './state.js';

/** How long a look at the database holds: by then every server has noticed that a migration has begun. */
export const FRESH_MS = 2_000;

export const BEING_MIGRATED = 'The database is being migrated. Try again in a moment.';

/** Answer 503 while the database needs a migration, or is in one. */
export function requireMigrated(database: Database, lifecycle: Lifecycle): RequestHandler {
  let last = -Infinity;
  return async (_request, _response, next) => {
    if (lifecycle.migrating) throw new Unavailable(BEING_MIGRATED);
    const now = performance.now();
    if (now - last > FRESH_MS) {
      await checkMigrated(database);
      last = now;
    }
    next();
  };
}

/** Throws Unavailable. An empty database is noted to be as this code needs it. */
export async function checkMigrated(database: Database): Promise<void> {
  const state = await readState(database);
  if (state.target !== undefined) {
    throw new Unavailable('A migration of the database is not done. With the version that it is to: npm run migrate');
  }
  if (isSame(state.shape, shape)) return;
  if (state.shape === undefined && (await isEmpty(database))) {
    await complete(database, state);
    return;
  }
  if (state.shape === undefined || !isCompatible(state.shape, state.types)) {
    throw new Unavailable('The database is as another version left it. Run: npm run migrate');
  }
  if (!isSame(state.types, withTypes(state.types, shape))) await noteTypes(database, state);
}
