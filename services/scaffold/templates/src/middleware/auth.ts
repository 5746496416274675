import type { RequestHandler } from 'express';

import type { Config } from '../config.js';
import { Unauthenticated } from '../errors.js';
import { Access } from '../services/access.js';
import { identifier } from '../services/callers.js';
import type { Database } from '../services/database.js';
import { Tokens } from '../services/tokens.js';

const BEARER = /^Bearer ([^ ]+)$/i;

/**
 * Find out who sends a request: `response.locals.caller`, undefined where no token is sent, and what they may do:
 * `response.locals.access`. A token that is not valid is refused, even where none is needed.
 */
export function authenticate(config: Config, database: Database): RequestHandler {
  const tokens = config.auth === 'off' ? undefined : new Tokens(config);
  const identify = identifier(database);
  return async (request, response, next) => {
    const token = bearer(request.headers.authorization);
    const caller = token && tokens ? await identify(await tokens.verify(token)) : undefined;
    response.locals.caller = caller;
    response.locals.access = new Access(database, caller, { isEnforced: tokens !== undefined });
    next();
  };
}

function bearer(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = header.match(BEARER)?.[1];
  if (token === undefined) throw new Unauthenticated('Send a token in the header "Authorization: Bearer <token>".');
  return token;
}
