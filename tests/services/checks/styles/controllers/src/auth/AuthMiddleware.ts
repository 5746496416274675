import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { NextFunction, Request, Response } from 'express';
import { HttpError } from '../http/errors';
import { settings } from '../settings';

export class AuthMiddleware {
  private readonly keys = createRemoteJWKSet(new URL(settings.jwksUrl));

  handle = async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    if (settings.auth === 'off') { response.locals.caller = undefined; next(); return; }
    const [, token] = (request.get('authorization') ?? '').split(' ');
    if (!token) throw new HttpError(401, 'UNAUTHENTICATED');
    const { payload } = await jwtVerify(token, this.keys, {
      algorithms: ['RS256'],
      issuer: settings.issuer,
      requiredClaims: ['exp', 'sub'],
    });
    response.locals.caller = { id: payload.sub, roles: payload['roles'] };
    next();
  };
}
