/** A migration from its check to its end, for the command and for a server that migrates as it starts. */
import { setTimeout as sleep } from 'node:timers/promises';

import { Unavailable } from '../errors.js';
import { log } from '../logger.js';
import type { Lifecycle } from '../middleware/health.js';
import type { Database } from '../services/database.js';
import { createSystemTables } from '../tables.js';
import { checkMigrated } from './gate.js';
import { whileLocked } from './lock.js';
import { Migration } from './migration.js';
import { Refused } from './refused.js';

/** Between two tries of a server: another may be migrating, or serving as before. */
const PAUSE_MS = 1_000;

interface Watch {
  /** Called once nothing stands in the way. */
  readonly onPossible: () => void;
  /** Called often. What it throws ends the migration, which can be gone on with. */
  readonly mayGoOn: () => void;
}

/** Check, and do it. Throws Refused, and Locked. */
export async function migrate(database: Database, { onPossible, mayGoOn }: Partial<Watch> = {}): Promise<void> {
  await createSystemTables(database);
  await whileLocked(database, async (isOurs) => {
    const look = (): void => {
      isOurs();
      mayGoOn?.();
    };
    const migration = await Migration.prepare(database);
    await check(migration, look);
    onPossible?.();
    const count = await migration.apply(look);
    log('info', `the database is as this version needs it; records brought to it: ${count}`);
  });
}

/** Say what would be done. Throws Refused where something stands in its way. */
export async function check(migration: Migration, isOurs?: () => void): Promise<void> {
  for (const step of migration.steps) log('info', step);
  const faults = await migration.faults(isOurs);
  if (faults.length > 0) throw new Refused(faults);
  if (migration.steps.length === 0) log('info', 'there is nothing to do: the database is as this version needs it');
}

/**
 * Migrate where that is needed, or wait while another does, until the database is as this version needs it or the server
 * stops. What fails by chance is tried again. Throws Refused.
 */
export async function migrateAtStart(database: Database, lifecycle: Lifecycle, onPossible: () => void): Promise<void> {
  const mayGoOn = (): void => {
    if (lifecycle.stopping) throw new Unavailable('The server is stopping.');
  };
  for (let told = ''; !lifecycle.stopping; await sleep(PAUSE_MS)) {
    try {
      if (!(await isMigrated(database))) await migrate(database, { onPossible, mayGoOn });
      return;
    } catch (error) {
      if (error instanceof Refused) throw error;
      if (String(error) !== told) log('warn', `The database is not migrated yet. ${(told = String(error))}`);
    }
  }
}

async function isMigrated(database: Database): Promise<boolean> {
  try {
    await checkMigrated(database);
    return true;
  } catch (error) {
    if (error instanceof Unavailable) return false;
    throw error;
  }
}
