import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import { SignJWT, UnsecuredJWT, exportJWK, exportSPKI, generateKeyPair, type CryptoKey, type JWK, type JWTPayload } from 'jose';

import { HttpError } from '../errors.js';
import { Tokens } from '../services/tokens.js';

const SECRET = 'a secret of more than thirty-two characters';
const ISSUER = 'https://issuer.example/';
const AUDIENCE = 'https://api.example/';

let issuer: Server;
let published: JWK[] = [];
let keysUrl: string;

before(async () => {
  issuer = createServer((_request, response) => response.end(JSON.stringify({ keys: published })));
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  keysUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`;
});

after(() => new Promise((resolve) => issuer.close(resolve)));

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

function withSecret(expected: { issuer?: string; audience?: string } = {}): Tokens {
  return new Tokens({ auth: { secret: SECRET }, issuer: expected.issuer, audience: expected.audience });
}

function withKeys(): Tokens {
  return new Tokens({ auth: { keysUrl }, issuer: undefined, audience: undefined }, { cooldownDuration: 0 });
}

function signed(claims: JWTPayload, secret = SECRET, alg = 'HS256'): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

async function publish(alg: string, kid: string): Promise<{ key: CryptoKey; sign: (claims: JWTPayload) => Promise<string> }> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  published = [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }];
  const sign = (claims: JWTPayload) => new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey);
  return { key: publicKey, sign };
}

async function refusal(tokens: Tokens, token: string): Promise<number> {
  try {
    await tokens.verify(token);
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
  throw new Error(`was accepted: ${token}`);
}

test('a token needs our signature, somebody it names, and an end', async () => {
  const claims = { sub: 'alice', exp: inSeconds(60) };
  assert.equal((await withSecret().verify(await signed(claims))).sub, 'alice');
  const refused = [
    signed(claims, `${SECRET}!`),
    signed(claims, SECRET, 'HS384'),
    signed({ ...claims, exp: inSeconds(-60) }),
    signed({ ...claims, nbf: inSeconds(60) }),
    signed({ exp: claims.exp }),
    signed({ sub: 'alice' }),
    signed({ ...claims, sub: '' }),
    signed({ ...claims, sub: 'a'.repeat(256) }),
    signed({}),
    Promise.resolve(new UnsecuredJWT(claims).encode()),
    Promise.resolve('nonsense'),
    signed({ ...claims, padding: 'x'.repeat(9_000) }),
  ];
  for (const token of refused) assert.equal(await refusal(withSecret(), await token), 401, await token);
});

test('an issuer and an audience that are set must be those of the token', async () => {
  const tokens = withSecret({ issuer: ISSUER, audience: AUDIENCE });
  const claims = { sub: 'alice', exp: inSeconds(60), iss: ISSUER, aud: ['another', AUDIENCE] };
  assert.equal((await tokens.verify(await signed(claims))).sub, 'alice');
  for (const others of [{ iss: 'https://another.example/' }, { aud: 'another' }, { iss: undefined }, { aud: undefined }]) {
    assert.equal(await refusal(tokens, await signed({ ...claims, ...others })), 401);
  }
});

for (const alg of ['RS256', 'ES256']) {
  test(`a token is verified by an issuer's key: ${alg}`, async () => {
    const { sign } = await publish(alg, 'first');
    assert.equal((await withKeys().verify(await sign({ sub: 'alice', exp: inSeconds(60) }))).sub, 'alice');
    assert.equal(await refusal(withKeys(), await sign({ sub: 'alice' })), 401);
  });
}

test('an issuer may change its keys', async () => {
  const tokens = withKeys();
  const old = await publish('ES256', 'first');
  const claims = { sub: 'alice', exp: inSeconds(60) };
  assert.equal((await tokens.verify(await old.sign(claims))).sub, 'alice');

  const { sign } = await publish('ES256', 'second');

  assert.equal((await tokens.verify(await sign(claims))).sub, 'alice');
  assert.equal(await refusal(tokens, await old.sign(claims)), 401);
});

test('a public key is no secret to sign with', async () => {
  const { key } = await publish('RS256', 'first');
  const claims = { sub: 'mallory', exp: inSeconds(60) };
  for (const secret of [await exportSPKI(key), JSON.stringify(published[0]), SECRET]) {
    assert.equal(await refusal(withKeys(), await signed(claims, secret)), 401);
  }
  assert.equal(await refusal(withSecret(), await (await publish('RS256', 'second')).sign(claims)), 401);
});

test('without the issuer nobody can tell: that is no fault of the token', async () => {
  const { sign } = await publish('ES256', 'first');
  const gone = new Tokens({ auth: { keysUrl: 'http://127.0.0.1:9/keys' }, issuer: undefined, audience: undefined });
  assert.equal(await refusal(gone, await sign({ sub: 'alice', exp: inSeconds(60) })), 503);
});
