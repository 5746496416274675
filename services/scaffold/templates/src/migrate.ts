/**
 * Brings a database to what this version of the code needs. `npm run migrate -- --dry-run` says what it would do and what
 * stands in its way, and changes nothing. Servers answer 503 from its beginning to its end.
 */
import { fileURLToPath } from 'node:url';

import { command } from './command.js';
import { Migration } from './migration/migration.js';
import { check, migrate } from './migration/run.js';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await command(async (database) => {
    await (process.argv.includes('--dry-run') ? check(await Migration.prepare(database)) : migrate(database));
  });
}
