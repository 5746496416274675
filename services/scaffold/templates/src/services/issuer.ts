import { randomBytes } from 'node:crypto';

import { SignJWT } from 'jose';

import type { Config } from '../config.js';

const LIFETIME_SECONDS = 15 * 60;

/** Issues the tokens of those who have signed in, short-lived: a session is asked for a new one as long as it is open. */
export class Issuer {
  private readonly secret: Uint8Array;

  constructor(private readonly config: Pick<Config, 'auth' | 'issuer' | 'audience'>) {
    const { auth } = config;
    // Without authentication nobody asks for a token, so that any secret will do.
    this.secret = auth !== 'off' && 'secret' in auth ? new TextEncoder().encode(auth.secret) : randomBytes(32);
  }

  async issue(user: string, session: string): Promise<{ accessToken: string; expiresIn: number }> {
    const { issuer, audience } = this.config;
    const token = new SignJWT({ sid: session })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS} s`);
    if (issuer !== undefined) token.setIssuer(issuer);
    if (audience !== undefined) token.setAudience(audience);
    return { accessToken: await token.sign(this.secret), expiresIn: LIFETIME_SECONDS };
  }
}
