/** What the commands beside the server share: `npm run tables`, `migrate`, `sweep`, `account` and `role`. */
import { requireBuilt } from './built.js';
import { InvalidConfig, readStorageConfig } from './config.js';
import { log } from './logger.js';
import { Refused } from './migration/refused.js';
import { Database } from './services/database.js';
import { fromDatabaseError } from './services/databaseErrors.js';

/** Do something with the database. What keeps it from being done is told, and the exit status is 1. */
export async function command(work: (database: Database) => Promise<void>): Promise<void> {
  let database: Database | undefined;
  try {
    await requireBuilt();
    database = new Database(readStorageConfig(process.env));
    await work(database);
  } catch (error) {
    tell(error);
    process.exitCode = 1;
  } finally {
    database?.close();
  }
}

/** Say what went wrong, each fault in a line; of a refusal, last that nothing was changed. */
export function tell(error: unknown): void {
  if (error instanceof InvalidConfig || error instanceof Refused) for (const fault of error.faults) log('error', fault);
  if (!(error instanceof InvalidConfig)) log('error', messageOf(error));
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Where a name has several addresses, the error of all of them has no message.
  const reason = error.message || String('code' in error ? error.code : error.name);
  const answer = fromDatabaseError(error);
  return answer === undefined ? reason : `${answer.message} (${reason})`;
}
