import type { ErrorRequestHandler } from 'express';

import { HttpError } from '../errors.js';
import { log } from '../logger.js';

/** Answer `{ error: { code, message, details? } }`. What the client did not cause is logged and not revealed. */
export const errorHandler: ErrorRequestHandler = (error, request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const { status, code, message, details } = toHttpError(error);
  if (!isExpected(error)) log('error', `${request.method} ${request.path} failed`, { error: describe(error) });
  if (status === 401) response.set('WWW-Authenticate', 'Bearer');
  response.status(status).json({ error: { code, message, details } });
};

function isExpected(error: unknown): boolean {
  return error instanceof HttpError || isRequestError(error);
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (isRequestError(error)) return fromRequestError(error);
  switch (error instanceof Error ? error.name : undefined) {
    case 'ValidationException':
      return new HttpError(400, 'NOT_STORABLE', 'The database cannot hold this: a value is too large or out of range.');
    case 'ResourceNotFoundException':
      return new HttpError(503, 'UNAVAILABLE', 'The tables of this backend have not been created yet.');
    case 'ProvisionedThroughputExceededException':
    case 'RequestLimitExceeded':
    case 'ThrottlingException':
      return new HttpError(503, 'UNAVAILABLE', 'The database is busy. Try again in a moment.');
    default:
      return new HttpError(500, 'INTERNAL', 'Something went wrong.');
  }
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

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
