import type { RequestHandler } from 'express';
import { log } from '../log';

export const logged: RequestHandler = (req, res, next) => {
  const began = performance.now();
  res.once('finish', () => log.info({ path: req.path, by: req.identity?.subject, ms: performance.now() - began }));
  next();
};
