import type { Config } from '../config.js';
import type { Database } from './database.js';
import type { Signer } from './signer.js';

/** What the routes of every table work with. */
export interface Services {
  readonly config: Config;
  readonly database: Database;
  readonly signer: Signer;
}
