/** Prints a token to try the server with, good for an hour: `npm run token -- <user> [<role>...]`. It needs JWT_SECRET. */
import { SignJWT } from 'jose';

import { tell } from './command.js';
import { readConfig } from './config.js';

const NO_SECRET = 'JWT_SECRET is not set. With AUTH=off no request needs a token; to try them, set AUTH=on and JWT_SECRET (openssl rand -base64 32).';

async function tokenOf(user: string, roles: readonly string[]): Promise<string> {
  if (!process.env.JWT_SECRET && !process.env.JWKS_URL) throw new Error(NO_SECRET);
  const { auth, issuer, audience } = readConfig({ ...process.env, AUTH: 'on', HOST: '127.0.0.1' });
  if (auth === 'off' || !('secret' in auth)) throw new Error('JWKS_URL is set: its issuer alone makes tokens.');
  const token = new SignJWT({ roles }).setProtectedHeader({ alg: 'HS256' }).setSubject(user).setExpirationTime('1 h');
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return await token.sign(new TextEncoder().encode(auth.secret));
}

const [user, ...roles] = process.argv.slice(2);
try {
  if (user === undefined) throw new Error('Say whose: npm run token -- <user> [<role>...]');
  process.stdout.write(`${await tokenOf(user, roles)}\n`);
} catch (error) {
  tell(error);
  process.exitCode = 1;
}
