import type { RequestHandler } from 'express';
import jwt from 'jsonwebtoken';

import { Unauthenticated } from '../errors.js';

const BEARER = /^Bearer ([^ ]+)$/i;

/**
 * Require a valid HS256 bearer token, whose claims become `response.locals.claims`. Without a secret, let everyone in.
 */
export function authenticate(secret: string | undefined): RequestHandler {
  return (request, response, next) => {
    if (secret !== undefined) response.locals.claims = verify(request.headers.authorization, secret);
    next();
  };
}

function verify(header: string | undefined, secret: string): unknown {
  const token = header?.match(BEARER)?.[1];
  if (token === undefined) throw new Unauthenticated('Send a token in the header "Authorization: Bearer <token>".');
  try {
    return jwt.verify(token, secret, { algorithms: ['HS256'] });
  } catch {
    throw new Unauthenticated('The token is not valid, or no longer.');
  }
}
