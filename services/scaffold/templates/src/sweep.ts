/**
 * Ends the deletions that a crash, or their size, has left half done. Run it as `npm run sweep`, now and then: what is
 * left takes up space and nothing else.
 */
import { fileURLToPath } from 'node:url';

import { readStorageConfig } from './config.js';
import { log } from './logger.js';
import { Database } from './services/database.js';
import { sweep } from './services/sweep.js';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const database = new Database(readStorageConfig(process.env));
  log('info', `deletions brought to their end: ${await sweep(database)}`);
  database.close();
}
