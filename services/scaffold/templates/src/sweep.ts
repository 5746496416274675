/**
 * Ends the deletions that a crash, or their size, has left half done. Run it as `npm run sweep`, now and then: what is
 * left takes up space and nothing else.
 */
import { fileURLToPath } from 'node:url';

import { command } from './command.js';
import { log } from './logger.js';
import { sweep } from './services/sweep.js';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await command(async (database) => {
    log('info', `deletions brought to their end: ${await sweep(database)}`);
  });
}
