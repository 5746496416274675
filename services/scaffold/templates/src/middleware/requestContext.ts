import { randomUUID } from 'node:crypto';

import type { RequestHandler } from 'express';

import { runWithin } from '../context.js';
import { RequestTimedOut, Unavailable } from '../errors.js';
import { errorHandler } from './errorHandler.js';

const REQUEST_ID = /^[A-Za-z0-9._~:+/=-]{1,128}$/;
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACE_PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.{0,100})?$/;

/**
 * Give each request its id, from the header X-Request-Id where that is a fit one, and `milliseconds` to be answered in.
 * When they are over, it is answered, and what still works on it is stopped: at its next call of the database, or in its
 * turn for work that waits. So it is where the client has gone.
 */
export function requestContext(milliseconds: number): RequestHandler {
  return (request, response, next) => {
    const requestId = request.get('X-Request-Id')?.match(REQUEST_ID)?.[0] ?? randomUUID();
    const traceId = (response.locals.traceId as string | undefined) ?? request.get('traceparent')?.match(TRACE_PARENT)?.[1];
    const deadline = new AbortController();
    response.set('X-Request-Id', requestId);

    runWithin({ requestId, traceId, signal: deadline.signal }, () => {
      const timer = setTimeout(() => {
        const error = request.complete ? new Unavailable('The request took too long.') : new RequestTimedOut();
        deadline.abort(error);
        errorHandler(error, request, response, next);
      }, milliseconds);
      response.once('close', () => {
        clearTimeout(timer);
        if (!response.writableEnded) deadline.abort(new Unavailable('The client has gone.'));
      });
      next();
    });
  };
}
