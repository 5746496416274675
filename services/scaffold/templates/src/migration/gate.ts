/** What keeps the code from serving a database that is not as it needs. */
import type { RequestHandler } from 'express';

import { Unavailable } from '../errors.js';
import type { Database } from '../services/database.js';
import { planMigration } from './plan.js';
import { isEmpty, noteShape, shape, storedShape } from './shape.js';

/** Answer 503 while the database needs a migration. Once it needs none, it is not asked again. */
export function requireMigrated(database: Database): RequestHandler {
  let isMigrated = false;
  return async (_request, _response, next) => {
    if (!isMigrated) await checkMigrated(database);
    isMigrated = true;
    next();
  };
}

/** Throws Unavailable. What needs no work, such as a new field that may be empty, is noted as done. */
export async function checkMigrated(database: Database): Promise<void> {
  const from = await storedShape(database);
  if (JSON.stringify(from) === JSON.stringify(shape)) return;
  const { steps, refusals } = planMigration(from, shape);
  const isNeeded = from === undefined ? !(await isEmpty(database)) : steps.length + refusals.length > 0;
  if (isNeeded) throw new Unavailable('The database is as an earlier version left it. Run: npm run migrate');
  await noteShape(database);
}
