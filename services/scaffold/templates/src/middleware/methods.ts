import type { RequestHandler } from 'express';

import { HttpError } from '../errors.js';

/** What comes last in a route: it answers OPTIONS, and refuses every method that nothing before it has answered. */
export function onlyMethods(...methods: readonly string[]): RequestHandler {
  const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (request, response) => {
    response.set('Allow', allowed);
    if (request.method === 'OPTIONS') response.status(204).end();
    else throw new HttpError(405, 'METHOD_NOT_ALLOWED', `${request.method} is not possible here, only ${allowed}.`);
  };
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-3.2 */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.httpVersion === '1.1' && request.headers.host === undefined) {
    throw new HttpError(400, 'BAD_REQUEST', 'Send the header Host.');
  }
  next();
};

/** Refuse a request whose client takes no JSON: there is nothing else to answer with. */
export const requireJsonAccepted: RequestHandler = (request, _response, next) => {
  if (request.accepts({{accepted}}) === false) {
    throw new HttpError(406, 'NOT_ACCEPTABLE', 'Answers are JSON: send "Accept: application/json".');
  }
  next();
};
