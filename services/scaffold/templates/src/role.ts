/**
 * Gives an account a role, for which nobody has the right while there is no administrator: `npm run role -- <login> <role>`.
 * It needs the settings of the database alone.
 */
import { command } from './command.js';
import { log } from './logger.js';
import { checkMigrated } from './migration/gate.js';
import { Accounts, accountsTable } from './services/accounts.js';
import { Attempts } from './services/attempts.js';
import type { Database } from './services/database.js';
import { Repository } from './services/repository.js';
import { fieldOfRole } from './services/roles.js';
import type { Input, Key } from './types/index.js';

/** Throws where there is no such account, or no such role. */
async function give(database: Database, login: string, role: string): Promise<void> {
  const field = fieldOfRole(role);
  const account = await new Accounts(database, new Attempts(database)).find(login);
  if (account === undefined) throw new Error(`There is no account "${login}".`);
  const records = new Repository<Input>(database, accountsTable);
  await records.update(account[accountsTable.primaryKey] as Key, () => Promise.resolve(field));
  log('info', `${login} has the role ${role} now`);
}

const [login, role] = process.argv.slice(2);
await command(async (database) => {
  if (login === undefined || role === undefined) throw new Error('Say whom and what: npm run role -- <login> <role>');
  await checkMigrated(database);
  await give(database, login, role);
});
