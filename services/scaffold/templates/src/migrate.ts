/**
 * Brings a database to what this version of the code needs. `npm run migrate -- --dry-run` says what it would do and what
 * stands in its way, and changes nothing. Servers answer 503 from its beginning to its end.
 */
import { fileURLToPath } from 'node:url';

import { readStorageConfig } from './config.js';
import { Migration } from './migration/migration.js';
import { check, migrate, tell } from './migration/run.js';
import { Database } from './services/database.js';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const database = new Database(readStorageConfig(process.env));
  try {
    await (process.argv.includes('--dry-run') ? check(await Migration.prepare(database)) : migrate(database));
  } catch (error) {
    tell(error);
    process.exitCode = 1;
  } finally {
    database.close();
  }
}
