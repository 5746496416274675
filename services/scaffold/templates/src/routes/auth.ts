import { Router, type Request, type RequestHandler, type Response } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';

import { Forbidden, NotFound, TooManyAttempts, Unauthenticated, ValidationFailed } from '../errors.js';
import { onlyMethods } from '../middleware/methods.js';
import { validateInput, validateQuery } from '../middleware/validator.js';
import { accounts } from '../models/identity.js';
import { Accounts, accountsTable, keyOfAccount } from '../services/accounts.js';
import { Attempts } from '../services/attempts.js';
import type { Services } from '../services/index.js';
import { Issuer } from '../services/issuer.js';
import { Mailer } from '../services/mailer.js';
import { Resets } from '../services/resets.js';
import { Sessions, type Started } from '../services/sessions.js';
import type { Caller, Input, Key } from '../types/index.js';
import { noQuery } from '../validation/list.js';
import * as bodies from '../validation/authBodies.js';
import { localsOf } from './requests.js';

/** Sign up, sign in and out, sessions, and passwords. */
export function authRoutes({ database, config }: Services): Router {
  const issuer = new Issuer(config);
  const attempts = new Attempts(database);
  const users = new Accounts(database, attempts);
  const sessions = new Sessions(database);
  const resets = new Resets(database, users, attempts, new Mailer(config));

  const begin = async (request: Request, record: Input): Promise<Tokens> => {
    const user = record[accountsTable.primaryKey] as Key;
    const account = String(record[accountsTable.timestamps.created]);
    return tokens(await sessions.start(user, account, request.get('User-Agent') ?? ''));
  };

  const tokens = async ({ user, id, refreshToken }: Started): Promise<Tokens> => ({
    ...(await issuer.issue(String(user), id)),
    refreshToken,
  });

  const signUp: RequestHandler = async (request, response) => {
    if (!accounts.signUp) throw new Forbidden('Accounts are made by those who run this server.');
    const { access } = localsOf(response);
    const fields = validateInput(bodies.signUp, request.body, { isEnforced: true, isManager: false });
    const details = await access.missingReferences(accountsTable, {}, fields);
    if (details.length > 0) throw new ValidationFailed(details);
    const user = await users.signUp(fields, addressOf(request));
    response.status(201).json({ ...(await begin(request, user)), user });
  };

  const signIn: RequestHandler = async (request, response) => {
    const { [accounts.login]: login, password } = textsOf(validateInput(bodies.signIn, request.body, anybody));
    const user = await users.signIn(login!, password!, addressOf(request));
    response.json({ ...(await begin(request, user)), user });
  };

  const refresh: RequestHandler = async (request, response) => {
    const { refreshToken } = textsOf(validateInput(bodies.refresh, request.body, anybody));
    response.json(await tokens(await sessions.refresh(refreshToken!)));
  };

  const signOut: RequestHandler = async (_request, response) => {
    await sessions.end(...sessionOf(response));
    response.status(204).end();
  };

  const signOutEverywhere: RequestHandler = async (_request, response) => {
    const [user] = sessionOf(response);
    await sessions.endAll(user);
    response.status(204).end();
  };

  const listSessions: RequestHandler = async (_request, response) => {
    const [user, current] = sessionOf(response);
    const items = (await sessions.list(user)).map(({ id, agent, created, used, expires }) => ({
      id,
      agent,
      createdAt: moment(created),
      usedAt: moment(used),
      expiresAt: moment(expires),
      isCurrent: id === current,
    }));
    response.json({ items });
  };

  const endSession: RequestHandler = async (request, response) => {
    const [user] = sessionOf(response);
    await sessions.end(user, String(request.params.id));
    response.status(204).end();
  };

  const currentUser: RequestHandler = async (_request, response) => {
    const user = await users.get(sessionOf(response)[0]);
    if (user === undefined) throw new NotFound('The account is no more.');
    response.json(user);
  };

  const changeUser: RequestHandler = async (request, response) => {
    const { current, ...changes } = validateInput(bodies.identifierChange, request.body, anybody);
    const [user, session] = sessionOf(response);
    response.json(await users.changeIdentifiers(user, String(current), changes, session));
  };

  const changePassword: RequestHandler = async (request, response) => {
    const { current, password } = textsOf(validateInput(bodies.passwordChange, request.body, anybody));
    const [user, session] = sessionOf(response);
    await users.changePassword(user, current!, password!, session);
    response.status(204).end();
  };

  const requestReset: RequestHandler = async (request, response) => {
    const { [accounts.login]: login } = textsOf(validateInput(bodies.resetRequest, request.body, anybody));
    await resets.request(login!, addressOf(request));
    response.status(202).json({ message: 'If there is such an account, a mail is on its way.' });
  };

  const confirmReset: RequestHandler = async (request, response) => {
    const { token, password } = textsOf(validateInput(bodies.resetConfirmation, request.body, anybody));
    await resets.confirm(token!, password!);
    response.status(204).end();
  };

  const router = Router({ caseSensitive: true });
  router.use(validateQuery(noQuery), notCached);
  const posts: Readonly<Record<string, RequestHandler>> = {
    '/sign-up': signUp,
    '/sign-in': signIn,
    '/refresh': refresh,
    '/sign-out': signOut,
    '/sign-out-everywhere': signOutEverywhere,
    '/password': changePassword,
    ...(accounts.address === undefined ? {} : { '/password-reset': requestReset, '/password-reset/confirm': confirmReset }),
  };
  for (const [path, handler] of Object.entries(posts)) {
    router.route(path).post(waiting(handler)).all(onlyMethods('POST'));
  }
  const user = router.route('/user').get(currentUser);
  if (accounts.identifiers.length === 0) user.all(onlyMethods('GET'));
  else user.patch(waiting(changeUser)).all(onlyMethods('GET', 'PATCH'));
  router.route('/sessions').get(listSessions).all(onlyMethods('GET'));
  router.route('/sessions/:id').delete(endSession).all(onlyMethods('DELETE'));
  return router;
}

interface Tokens {
  readonly accessToken: string;
  /** In seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
}

/** No field of these bodies depends on who sends them. */
const anybody = { isEnforced: true, isManager: false };

/** What is answered here is for one client alone. */
const notCached: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** Say in Retry-After how long to wait after too many attempts. */
function waiting(handler: RequestHandler): RequestHandler {
  return async (request, response, next) => {
    try {
      await handler(request, response, next);
    } catch (error) {
      if (error instanceof TooManyAttempts) response.set('Retry-After', String(error.seconds));
      throw error;
    }
  };
}

/** The user and the session of a token. Throws Unauthenticated without one. */
function sessionOf({ locals }: Response): [Key, string] {
  const caller = locals.caller as Caller | undefined;
  if (caller === undefined) throw new Unauthenticated('This needs a token: send it in "Authorization: Bearer <token>".');
  return [keyOfAccount(caller.id), String(caller.claims.sid)];
}

function addressOf({ ip = '' }: Request): string {
  return ipKeyGenerator(ip);
}

function textsOf(fields: Input): Record<string, string> {
  return fields as Record<string, string>;
}

function moment(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
