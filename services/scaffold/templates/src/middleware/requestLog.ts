import type { RequestHandler } from 'express';

import { log } from '../logger.js';
import type { Caller } from '../types/index.js';

const LONGEST_PATH = 300;

/** Log each request once, when its answer has been sent or its client has gone. No query string, header or body. */
export const logRequests: RequestHandler = (request, response, next) => {
  const { method, ip } = request;
  const path = request.path.slice(0, LONGEST_PATH);
  const startedAt = performance.now();
  response.once('close', () => {
    const status = response.writableFinished ? response.statusCode : 499;
    log(status < 500 ? 'info' : 'error', `${method} ${path} ${status}`, {
      method,
      path,
      status,
      ms: Math.round(performance.now() - startedAt),
      user: (response.locals.caller as Caller | undefined)?.id,
      address: ip,
    });
  });
  next();
};
