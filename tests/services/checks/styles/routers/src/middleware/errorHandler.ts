import type { NextFunction, Request, Response } from 'express';
import { log } from '../logger.js';

export function errorHandler(error: Error, req: Request, res: Response, _next: NextFunction): void {
  log.error({ message: error.message, stack: error.stack, path: req.path });
  res.status(500).json({ error: 'Something went wrong.' });
}
