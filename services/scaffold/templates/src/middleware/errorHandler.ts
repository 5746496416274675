import type { ErrorRequestHandler } from 'express';

import { HttpError } from '../errors.js';
import { log } from '../logger.js';
import { fromDatabaseError } from '../services/databaseErrors.js';

/** Seconds after which what was refused for want of time or room may be tried again. */
const RETRY_AFTER = '1';

/** Answer `{ error: { code, message, details? } }`. */
export const errorHandler: ErrorRequestHandler = (error: unknown, request, response, next) => {
  const answer = toAnswer(error, `${request.method} ${request.path}`);
  if (response.headersSent) {
    // An answer that is whole was given when time was up; one that is not can only be cut off.
    if (!response.writableEnded) next(error);
    return;
  }
  const { status, code, message, details } = answer;
  if (status === 401) response.set('WWW-Authenticate', 'Bearer');
  if (status === 503) response.set('Retry-After', RETRY_AFTER);
  if (status === 408) response.set('Connection', 'close');
  response.status(status).json({ error: { code, message, details } });
};

/** What a client is told of an error. What it did not cause is logged and not revealed. */
export function toAnswer(error: unknown, request: string): HttpError {
  const answer = toHttpError(error);
  if (error !== answer && answer.status >= 500) {
    log('error', `${request} failed`, { error: describe(error, answer.status === 500) });
  }
  return answer;
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (isRequestError(error)) return fromRequestError(error);
  return fromDatabaseError(error) ?? new HttpError(500, 'INTERNAL', 'Something went wrong.');
}

/** An error that Express or its body parser raises for a request that it cannot read. */
interface RequestError extends Error {
  readonly status: number;
  readonly type?: string;
}

function isRequestError(error: unknown): error is RequestError {
  if (!(error instanceof Error && 'status' in error && typeof error.status === 'number')) return false;
  return error.status >= 400 && error.status < 500;
}

function fromRequestError({ status, type }: RequestError): HttpError {
  switch (type) {
    case 'entity.parse.failed':
      return new HttpError(status, 'MALFORMED_JSON', 'The body is not a JSON object.');
    case 'entity.too.large':
      return new HttpError(status, 'BODY_TOO_LARGE', 'The body is too large.');
    default:
      return new HttpError(status, 'BAD_REQUEST', 'The request cannot be read.');
  }
}

/** What broke in this backend is described with where; what is unavailable, in one line. */
function describe(error: unknown, withStack: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return withStack && error.stack !== undefined ? error.stack : `${error.name}: ${error.message}`;
}
