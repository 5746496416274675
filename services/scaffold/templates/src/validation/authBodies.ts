import Joi, { type Schema } from 'joi';

import { accounts } from '../models/identity.js';
import { accountsTable } from '../services/accounts.js';
import { bodies } from './index.js';

/** Long enough for any login and token; what is longer is none. */
const MAX_TEXT = 1_000;

const text = Joi.string().max(MAX_TEXT).required();

/** What may be said of a new account, as its table says. */
export const signUp = bodies[accountsTable.name]!.create;

const password = signUp.extract(accounts.password).required();

const identifiers: Record<string, Schema> = Object.fromEntries(
  accounts.identifiers.map((field) => [field, signUp.extract(field).optional().prefs({ noDefaults: true })]),
);

export const signIn = Joi.object({ [accounts.login]: text, password: text });

export const refresh = Joi.object({ refreshToken: text });

export const passwordChange = Joi.object({ current: text, password });

export const identifierChange = Joi.object({ current: text, ...identifiers }).min(2);

export const resetRequest = Joi.object({ [accounts.login]: text });

export const resetConfirmation = Joi.object({ token: text, password });
