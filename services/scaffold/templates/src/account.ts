/**
 * Makes an account, where nobody has the right to yet: `npm run account -- <login> [<role>] ['{"<field>": "<value>"}']`, with
 * the fields that its table requires. Its password is what ACCOUNT_PASSWORD says, or made up and printed, this once. It
 * needs the settings of the database alone.
 */
import { randomBytes } from 'node:crypto';

import type { ObjectSchema } from 'joi';

import { command } from './command.js';
import { log } from './logger.js';
import { validateInput } from './middleware/validator.js';
import { checkMigrated } from './migration/gate.js';
import { accounts } from './models/identity.js';
import { accountsTable } from './services/accounts.js';
import type { Database } from './services/database.js';
import { Repository } from './services/repository.js';
import { OPERATOR, fieldOfRole } from './services/roles.js';
import type { Input } from './types/index.js';
import { bodies } from './validation/index.js';

const USAGE = `Say whose: npm run account -- <${accounts.login}> [<role>] ['{"<field>": "<value>"}']`;

/** Throws where there is such an account, or it would not be valid. */
async function make(database: Database, login: string, role: Input, fields: Input): Promise<void> {
  const given = process.env.ACCOUNT_PASSWORD;
  const password = given || randomBytes(18).toString('base64url');
  const sent = { ...fields, [accounts.login]: login, [accounts.password]: password };
  const account = { ...validateInput(schemaWithout(Object.keys(role)), sent, OPERATOR), ...role };
  await new Repository<Input>(database, accountsTable).create(account);
  log('info', `${login} has an account now`);
  if (!given) process.stdout.write(`${password}\n`);
}

/** What may be said of a new account beside the fields that are set here. */
function schemaWithout(fields: string[]): ObjectSchema {
  return bodies[accountsTable.name]!.create.fork(fields, (field) => field.optional());
}

function read(text: string): Input {
  try {
    return JSON.parse(text) as Input;
  } catch {
    throw new Error(`The fields are not JSON. ${USAGE}`);
  }
}

const [login, ...others] = process.argv.slice(2);
await command(async (database) => {
  const json = others.at(-1)?.startsWith('{') ? others.pop()! : '{}';
  if (!login || others.length > 1) throw new Error(USAGE);
  const [role] = others;
  await checkMigrated(database);
  await make(database, login, role === undefined ? {} : fieldOfRole(role), read(json));
});
