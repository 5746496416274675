import type { NextFunction, Request, Response } from 'express';
import { jwtVerify } from 'jose';

const secret = process.env.JWT_SECRET;
if (secret === undefined || secret.length < 32) throw new Error('Set JWT_SECRET to at least 32 characters.');
const key = new TextEncoder().encode(secret);

export async function authenticate(req: Request, res: Response, next: NextFunction): Promise<void> {
  const token = req.get('authorization')?.replace(/^Bearer /, '') ?? '';
  const answer = await jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['sub', 'exp'] }).catch(() => undefined);
  if (answer === undefined) {
    res.status(401).json({ errors: [{ message: 'Send a token that is valid.' }] });
    return;
  }
  res.locals.user = { id: answer.payload.sub, roles: answer.payload.roles ?? [] };
  next();
}
