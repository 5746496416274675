import type { NextFunction, Request, Response } from 'express';
import jwt from 'jsonwebtoken';
import { secret } from '../config.js';

export function authenticate(req: Request, res: Response, next: NextFunction): void {
  const header = req.headers.authorization;
  if (!header?.startsWith('Bearer ')) {
    if (req.method === 'GET' && req.path.startsWith('/posts')) { next(); return; }
    res.status(401).json({ error: 'Send a token.' });
    return;
  }
  try {
    const payload = jwt.verify(header.slice(7), secret, { algorithms: ['HS256'] });
    if (typeof payload === 'string' || payload.sub === undefined || payload.exp === undefined) throw new Error('incomplete');
    res.locals.user = { id: payload.sub, roles: payload.roles ?? [] };
    next();
  } catch {
    res.status(401).json({ error: 'The token is not valid.' });
  }
}
