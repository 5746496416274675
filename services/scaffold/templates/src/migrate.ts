/**
 * Brings a database to what this version of the code needs. `npm run migrate -- --dry-run` says what it would do and what
 * stands in its way, and changes nothing. Stop the servers of earlier versions first.
 */
import { fileURLToPath } from 'node:url';

import { readStorageConfig } from './config.js';
import { log } from './logger.js';
import { whileLocked } from './migration/lock.js';
import { Migration } from './migration/migration.js';
import { Database } from './services/database.js';
import { createTables } from './tables.js';

/** Returns whether it is done, or could be. */
export async function migrate(database: Database, { isDry }: { readonly isDry: boolean }): Promise<boolean> {
  if (!isDry) await createTables(database);
  const migration = await Migration.prepare(database);
  for (const step of migration.steps) log('info', step);
  const faults = await migration.faults();
  for (const fault of faults) log('error', fault);
  if (faults.length > 0) log('error', 'Nothing was changed. Mend these first; then run it again.');
  if (isDry || faults.length > 0) return faults.length === 0;
  const count = await whileLocked(database, (renew) => migration.apply(renew));
  log('info', `the database is as this version needs it; records brought to it: ${count}`);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const database = new Database(readStorageConfig(process.env));
  try {
    const isWell = await migrate(database, { isDry: process.argv.includes('--dry-run') });
    process.exitCode = isWell ? 0 : 1;
  } catch (error) {
    log('error', error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    database.close();
  }
}
