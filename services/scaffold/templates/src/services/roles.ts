import { accounts } from '../models/identity.js';
import type { Input } from '../types/index.js';
import { bodies } from '../validation/index.js';
import { accountsTable } from './accounts.js';

/** Those who run the server set what those with a role do. */
export const OPERATOR = { isEnforced: false, isManager: true };

/** The field of a role that those who run the server give, also where no request may. Throws where there is no such role. */
export function fieldOfRole(role: string): Input {
  const { role: field } = accounts;
  if (field === undefined) throw new Error('Accounts have no roles here.');
  const schema = bodies[accountsTable.name]!.create.extract(field).optional().label(field);
  const { error } = schema.validate(role, { context: OPERATOR });
  if (error !== undefined && error.details[0]?.type !== 'any.unknown') throw new Error(error.message);
  return { [field]: role };
}
