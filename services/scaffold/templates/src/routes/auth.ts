import { Router, type Request, type RequestHandler, type Response } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';

import { TooManyAttempts } from '../errors.js';
import { onlyMethods } from '../middleware/methods.js';
import { validateQuery } from '../middleware/validator.js';
import { accounts } from '../models/identity.js';
import { Authentication, type Sender } from '../services/authentication.js';
import type { Services } from '../services/index.js';
import type { Caller } from '../types/index.js';
import { noQuery } from '../validation/list.js';
import { localsOf } from './requests.js';

/** Sign up, sign in and out, sessions, and passwords. */
export function authRoutes(services: Services): Router {
  const authentication = new Authentication(services);

  const signUp: RequestHandler = async (request, response) => {
    const { access } = localsOf(response);
    response.status(201).json(await authentication.signUp(access, request.body, senderOf(request)));
  };

  const signIn: RequestHandler = async (request, response) => {
    response.json(await authentication.signIn(request.body, senderOf(request)));
  };

  const refresh: RequestHandler = async (request, response) => {
    response.json(await authentication.refresh(request.body));
  };

  const signOut: RequestHandler = async (_request, response) => {
    await authentication.signOut(callerOf(response));
    response.status(204).end();
  };

  const signOutEverywhere: RequestHandler = async (_request, response) => {
    await authentication.signOutEverywhere(callerOf(response));
    response.status(204).end();
  };

  const listSessions: RequestHandler = async (_request, response) => {
    const sessions = await authentication.listSessions(callerOf(response));
    const items = sessions.map(({ id, agent, created, used, expires, isCurrent }) => ({
      id,
      agent,
      createdAt: moment(created),
      usedAt: moment(used),
      expiresAt: moment(expires),
      isCurrent,
    }));
    response.json({ items });
  };

  const endSession: RequestHandler = async (request, response) => {
    await authentication.endSession(callerOf(response), String(request.params.id));
    response.status(204).end();
  };

  const currentUser: RequestHandler = async (_request, response) => {
    response.json(await authentication.currentUser(callerOf(response)));
  };

  const changeUser: RequestHandler = async (request, response) => {
    response.json(await authentication.changeIdentifiers(callerOf(response), request.body));
  };

  const changePassword: RequestHandler = async (request, response) => {
    await authentication.changePassword(callerOf(response), request.body);
    response.status(204).end();
  };

  const requestReset: RequestHandler = async (request, response) => {
    await authentication.requestReset(request.body, senderOf(request));
    response.status(202).json({ message: 'If there is such an account, a mail is on its way.' });
  };

  const confirmReset: RequestHandler = async (request, response) => {
    await authentication.confirmReset(request.body);
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

export function senderOf({ ip = '', headers }: Request): Sender {
  return { address: ipKeyGenerator(ip), agent: headers['user-agent'] ?? '' };
}

function callerOf({ locals }: Response): Caller | undefined {
  return locals.caller as Caller | undefined;
}

function moment(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
