import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** One of the keys in SEALING_KEYS. */
export interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Encrypts what only the server's own code may read. The first key seals, all of them open: so keys are changed. */
export class Seals {
  constructor(private readonly keys: readonly SealingKey[]) {}

  /** `place` says what the text belongs to, and is needed to open it: no sealed text can be moved to another place. */
  seal(text: string, place: string): string {
    const [newest] = this.keys;
    if (newest === undefined) throw new Error('SEALING_KEYS is not set.');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, newest.key, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${newest.id}.${sealed.toString('base64url')}`;
  }

  /** Throws where the text was sealed with another key or for another place, or changed since. */
  open(sealed: string, place: string): string {
    const [id, text = ''] = sealed.split('.');
    const used = this.keys.find((key) => key.id === id);
    if (used === undefined) throw new Error(`SEALING_KEYS has no key "${id}".`);
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv(ALGORITHM, used.key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  }
}
