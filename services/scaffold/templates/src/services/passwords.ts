import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

import { Turns } from './turns.js';

/** https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt: with N of 2^15, three rounds. */
const ROUNDS = { r: 8, p: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** Each takes 32 MB or more, and one of the four threads that Node has for such work. */
const turns = new Turns(2, 64);

/** Hashes passwords, so that they can be compared and not read. */
export class Passwords {
  /** `cost` is the power of two that is scrypt's N. */
  constructor(private readonly cost: number) {}

  /** `scrypt$N$r$p$salt$key`: all that it takes to compare, whatever the cost is by then. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    return this.written(salt, await derive(password, salt, this.parameters));
  }

  /** Whether the password is the one that was hashed. Without a hash it takes as long, and is not. */
  async isRight(password: string, hashed: string | undefined): Promise<boolean> {
    const [, N, r, p, salt = '', key = ''] = (hashed ?? this.nobodys()).split('$');
    const expected = Buffer.from(key, 'base64url');
    const derived = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) });
    return timingSafeEqual(derived, expected) && hashed !== undefined;
  }

  /** The hash of a password that nobody has. */
  private nobodys(): string {
    return this.written(randomBytes(SALT_BYTES), randomBytes(KEY_BYTES));
  }

  private get parameters(): Cost {
    return { N: 2 ** this.cost, ...ROUNDS };
  }

  private written(salt: Buffer, key: Buffer): string {
    const { N, r, p } = this.parameters;
    return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
  }
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const options = { ...cost, maxmem: 2 * 128 * cost.N * cost.r };
  return turns.take(
    () =>
      new Promise((resolve, reject) => {
        scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      }),
  );
}
