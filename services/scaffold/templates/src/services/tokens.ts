import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type RemoteJWKSetOptions } from 'jose';

import type { Config } from '../config.js';
import { HttpError, Unauthenticated } from '../errors.js';

const MAX_TOKEN = 8_192;
const MAX_SUBJECT = 255;
/** How far the clocks of two machines may be apart, in seconds. */
const CLOCK_TOLERANCE = 5;
const KEYS_TIMEOUT_MS = 3_000;
/** Keys are read again when a token names an unknown one, and not more often than this. */
const KEYS_COOLDOWN_MS = 30_000;
const KEYS_MAX_AGE_MS = 600_000;

/** Verifies tokens: of our own secret, or of an issuer's public keys; never both, so no token chooses which. */
export class Tokens {
  private readonly key: JWTVerifyGetKey;
  private readonly algorithms: string[];

  constructor(
    private readonly config: Pick<Config, 'auth' | 'issuer' | 'audience'>,
    options: RemoteJWKSetOptions = {},
  ) {
    const { auth } = config;
    if (auth === 'off') throw new Error('Without authentication there are no tokens.');
    this.algorithms = 'secret' in auth ? ['HS256'] : ['RS256', 'ES256'];
    this.key = 'secret' in auth ? () => new TextEncoder().encode(auth.secret) : remoteKeys(auth.keysUrl, options);
  }

  /** What a token says. Throws Unauthenticated. */
  async verify(token: string): Promise<JWTPayload & { sub: string }> {
    if (token.length > MAX_TOKEN) throw new Unauthenticated('The token is too long.');
    return withSubject(await this.claims(token));
  }

  private async claims(token: string): Promise<JWTPayload> {
    const { issuer, audience } = this.config;
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: this.algorithms,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: CLOCK_TOLERANCE,
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      });
      return payload;
    } catch (error) {
      throw refusal(error);
    }
  }
}

function remoteKeys(url: string, options: RemoteJWKSetOptions): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
    ...options,
  });
}

/** Only what `jose` says of the token itself is the caller's fault; the rest means that its keys cannot be had. */
function refusal(error: unknown): HttpError {
  const isOfToken = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC';
  if (isOfToken) return new Unauthenticated('The token is not valid, or no longer.');
  return new HttpError(503, 'UNAVAILABLE', 'Tokens cannot be verified at the moment. Try again.');
}

function withSubject(claims: JWTPayload): JWTPayload & { sub: string } {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT || !sub.isWellFormed()) {
    throw new Unauthenticated('The token names nobody.');
  }
  return { ...claims, sub };
}
