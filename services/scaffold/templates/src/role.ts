/**
 * Gives an account a role, for which nobody has the right while there is no administrator: `npm run role -- <login> <role>`.
 * It needs the settings of the database alone.
 */
import { command } from './command.js';
import { log } from './logger.js';
import { accounts } from './models/identity.js';
import { Accounts, accountsTable } from './services/accounts.js';
import { Attempts } from './services/attempts.js';
import type { Database } from './services/database.js';
import { Repository } from './services/repository.js';
import type { Input, Key } from './types/index.js';
import { bodies } from './validation/index.js';

/** Throws where there is no such account, or no such role. */
async function give(database: Database, login: string, role: string): Promise<void> {
  const { role: field } = accounts;
  if (field === undefined) throw new Error('Accounts have no roles here.');
  const { error } = bodies[accountsTable.name]!.create.extract(field).optional().validate(role, { context: MANAGER });
  if (error !== undefined && error.details[0]?.type !== 'any.unknown') throw new Error(error.message);
  const account = await new Accounts(database, new Attempts(database)).find(login);
  if (account === undefined) throw new Error(`There is no account "${login}".`);
  const records = new Repository<Input>(database, accountsTable);
  await records.update(account[accountsTable.primaryKey] as Key, () => Promise.resolve({ [field]: role }));
  log('info', `${login} has the role ${role} now`);
}

const MANAGER = { isEnforced: false, isManager: true };

const [login, role] = process.argv.slice(2);
await command(async (database) => {
  if (login === undefined || role === undefined) throw new Error('Say whom and what: npm run role -- <login> <role>');
  await give(database, login, role);
});
