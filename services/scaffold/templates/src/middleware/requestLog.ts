import type { NextFunction, Request, Response } from 'express';

import { log } from '../logger.js';

/** Log each request once, when its answer has been sent or its client has gone. */
export function logRequests(request: Request, response: Response, next: NextFunction): void {
  const { method, path } = request;
  const startedAt = performance.now();
  response.once('close', () => {
    const status = response.writableFinished ? response.statusCode : 499;
    log(status < 500 ? 'info' : 'error', `${method} ${path} ${status}`, {
      method,
      path,
      status,
      ms: Math.round(performance.now() - startedAt),
    });
  });
  next();
}
