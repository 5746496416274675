import type { ErrorRequestHandler, RequestHandler } from 'express';
import { ZodError } from 'zod';
import { log } from '../log';

export class Failure extends Error {
  constructor(readonly status: number, readonly title: string, options?: ErrorOptions) { super(title, options); }
  static of(cause: unknown): Failure {
    if (cause instanceof Failure) return cause;
    return cause instanceof ZodError ? new Failure(400, 'The body is not valid.') : new Failure(500, 'Something failed.', { cause });
  }
}

export const answerFailure: ErrorRequestHandler = (error, _req, res, _next) => {
  const failure = Failure.of(error);
  const { status, title } = failure;
  log.error({ status, stack: failure.stack, cause: failure.cause });
  res.status(status).type('application/problem+json').send(JSON.stringify({ title, status }));
};

export const notAllowed = (...methods: string[]): RequestHandler => (_req, res) => { res.set('Allow', methods.join(', ')).sendStatus(405); };
