import type { RequestHandler } from 'express';
import { jwtVerify } from 'jose';
import { Failure } from '../http/failure';
import { settings } from '../settings';

const key = new TextEncoder().encode(settings.jwtSecret);
const bearer = /^Bearer (?<token>.+)$/;

/** Who calls, if a token says so; nobody is let in by it alone. */
export const identify: RequestHandler = async (req, _res, next) => {
  const token = bearer.exec(req.header('authorization') ?? '')?.groups?.token ?? req.cookies?.[settings.cookie];
  if (token === undefined) return next();
  try {
    const { payload: claims } = await jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['sub', 'exp'] });
    req.identity = Object.freeze({ subject: claims.sub as string, roles: new Set((claims.roles ?? []) as string[]) });
  } catch (cause) {
    return next(new Failure(401, 'The token is not good.', { cause }));
  }
  return next();
};
