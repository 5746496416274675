import type { ErrorRequestHandler } from 'express';

export class HttpError extends Error {
  constructor(readonly status: number, readonly code: string) { super(code); }
}

export const onError: ErrorRequestHandler = (error, request, response, next) => {
  console.error(error.stack);
  if (response.headersSent) { next(error); return; }
  const status = error instanceof HttpError ? error.status : 500;
  response.status(status).json({ code: error instanceof HttpError ? error.code : 'INTERNAL' });
};
