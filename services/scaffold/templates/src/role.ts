/**
 * Gives an account a role, for which nobody has the right while there is no administrator: `npm run role -- <login> <role>`.
 * It needs the settings of the database alone.
 */
import { InvalidConfig, readStorageConfig } from './config.js';
import { log } from './logger.js';
import { accounts } from './models/identity.js';
import { Accounts, accountsTable } from './services/accounts.js';
import { Attempts } from './services/attempts.js';
import { Database } from './services/database.js';
import { Repository } from './services/repository.js';
import type { Input, Key } from './types/index.js';
import { bodies } from './validation/index.js';

async function give(login: string, role: string): Promise<void> {
  const { role: field } = accounts;
  if (field === undefined) throw new Error('Accounts have no roles here.');
  const { error } = bodies[accountsTable.name]!.create.extract(field).optional().validate(role, { context: MANAGER });
  if (error !== undefined && error.details[0]?.type !== 'any.unknown') throw new Error(error.message);
  const database = new Database(readStorageConfig(process.env));
  try {
    const account = await new Accounts(database, new Attempts(database)).find(login);
    if (account === undefined) throw new Error(`There is no account "${login}".`);
    const records = new Repository<Input>(database, accountsTable);
    await records.update(account[accountsTable.primaryKey] as Key, () => Promise.resolve({ [field]: role }));
    log('info', `${login} has the role ${role} now`);
  } finally {
    database.close();
  }
}

const MANAGER = { isEnforced: false, isManager: true };

const [login, role] = process.argv.slice(2);
try {
  if (login === undefined || role === undefined) throw new Error('Say whom and what: npm run role -- <login> <role>');
  await give(login, role);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  log('error', error instanceof InvalidConfig ? error.faults.join(' ') : error.message);
  process.exitCode = 1;
}
