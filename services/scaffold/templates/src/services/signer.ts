import { createHmac, hkdfSync, randomBytes } from 'node:crypto';

import type { Config } from '../config.js';

/**
 * Signs what clients hand back or must not guess. Its secret is a setting, or follows from the one for tokens; without
 * both, each process makes up its own, and what it has signed is good for as long as it runs.
 */
export class Signer {
  private readonly key: Uint8Array;

  constructor({ auth, signingSecret }: Pick<Config, 'auth' | 'signingSecret'>) {
    const ofTokens = typeof auth === 'object' && 'secret' in auth ? auth.secret : randomBytes(32);
    this.key = new Uint8Array(hkdfSync('sha256', signingSecret ?? ofTokens, '', 'signing', 32));
  }

  /** What is signed for one purpose is good for no other. */
  sign(purpose: string, value: unknown): Buffer {
    return createHmac('sha256', this.key).update(JSON.stringify([purpose, value])).digest();
  }
}
