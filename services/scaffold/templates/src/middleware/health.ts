import type { ServerResponse } from 'node:http';

import { Router } from 'express';

import { runOutside } from '../context.js';
import { Unavailable } from '../errors.js';
import type { Database } from '../services/database.js';
import { BEING_MIGRATED, checkMigrated } from '../migration/gate.js';
import { onlyMethods } from './methods.js';

/** How long one look at the database answers for all who ask. */
const FRESH_MS = 1_000;

/** What the server tells of its own life. */
export class Lifecycle {
  stopping = false;
  /** While it brings the database to what it needs, it serves nothing else. */
  migrating = false;
  /** What is being answered. */
  readonly open = new Set<ServerResponse>();
}

/**
 * `/live` (and `/health`): this process answers; when it does not, start it anew. `/ready`: it can serve requests, its
 * tables are there; while not, send it none.
 */
export function health(database: Database, lifecycle: Lifecycle): Router {
  const router = Router({ caseSensitive: true });
  const look = remembered(FRESH_MS, async () => {
    await database.check();
    await checkMigrated(database);
  });

  router.get(['/live', '/health'], (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/ready', async (_request, response) => {
    if (lifecycle.stopping) throw new Unavailable('The server is stopping.');
    if (lifecycle.migrating) throw new Unavailable(BEING_MIGRATED);
    await look();
    response.json({ status: 'ready' });
  });
  router.all(['/live', '/health', '/ready'], onlyMethods('GET'));
  return router;
}

/** `work`, done at most once in so many milliseconds, and never twice at a time. It ends with no request: others wait, too. */
function remembered(milliseconds: number, work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> | undefined;
  return async () => {
    if (last === undefined) {
      const forget = (): void => {
        setTimeout(() => (last = undefined), milliseconds).unref();
      };
      last = runOutside(work);
      last.then(forget, forget);
    }
    await last;
  };
}
