/**
 * Brings a database to what this version of the code needs. `npm run migrate -- --dry-run` says what it would do and what
 * stands in its way, and changes nothing. Servers answer 503 from its beginning to its end.
 */
import { fileURLToPath } from 'node:url';

import { readStorageConfig } from './config.js';
import { log } from './logger.js';
import { whileLocked } from './migration/lock.js';
import { Migration } from './migration/migration.js';
import { Database } from './services/database.js';
import { createSystemTables } from './tables.js';

/** Returns whether it is done. */
async function migrate(database: Database): Promise<boolean> {
  await createSystemTables(database);
  return whileLocked(database, async (isOurs) => {
    const migration = await Migration.prepare(database);
    if (!(await isPossible(migration, isOurs))) return false;
    const count = await migration.apply(isOurs);
    log('info', `the database is as this version needs it; records brought to it: ${count}`);
    return true;
  });
}

/** Says what would be done, and what stands in its way. */
async function isPossible(migration: Migration, isOurs?: () => void): Promise<boolean> {
  for (const step of migration.steps) log('info', step);
  const faults = await migration.faults(isOurs);
  for (const fault of faults) log('error', fault);
  if (faults.length > 0) log('error', 'Nothing was changed. Mend these first; then run it again.');
  return faults.length === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const database = new Database(readStorageConfig(process.env));
  try {
    const isDry = process.argv.includes('--dry-run');
    const isWell = isDry ? await isPossible(await Migration.prepare(database)) : await migrate(database);
    process.exitCode = isWell ? 0 : 1;
  } catch (error) {
    log('error', error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    database.close();
  }
}
