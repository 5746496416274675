import Joi from 'joi';

import { accounts } from '../models/identity.js';
import { accountsTable } from '../services/accounts.js';
import { bodies } from './index.js';

/** Long enough for any login and token; what is longer is none. */
const MAX_TEXT = 1_000;

const text = Joi.string().max(MAX_TEXT).required();

/** What a new password must be, as the table of accounts says. */
const password = bodies[accountsTable.name]!.create.extract(accounts.password).required();

export const signUp = bodies[accountsTable.name]!.create;

export const signIn = Joi.object({ [accounts.login]: text, password: text });

export const refresh = Joi.object({ refreshToken: text });

export const passwordChange = Joi.object({ current: text, password });

export const resetRequest = Joi.object({ [accounts.login]: text });

export const resetConfirmation = Joi.object({ token: text, password });
