import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';

import { InvalidConfig, readConfig } from '../config.js';
import { tables } from '../models/index.js';
import { resources } from '../routes/index.js';
import { Backend } from './backend.js';

const SECRET = 'a secret of more than thirty-two characters';

let backend: Backend;

before(async () => {
  backend = await Backend.start({ JWT_SECRET: SECRET });
});

after(() => backend.stop());

function signed(claims: JWTPayload, secret = SECRET, algorithm = 'HS256'): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm }).sign(new TextEncoder().encode(secret));
}

function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}

async function withToken(token: string): Promise<number> {
  const answer = await backend.get(resources[0]!.path, { Authorization: `Bearer ${token}` });
  return answer.status;
}

test('a token needs our signature, an owner and an end', async () => {
  const claims = { sub: 'someone', exp: seconds(60) };
  assert.notEqual(await withToken(await signed(claims)), 401);
  const refused = [
    signed(claims, `${SECRET}!`),
    signed(claims, SECRET, 'HS384'),
    signed({ ...claims, exp: seconds(-60) }),
    signed({ ...claims, nbf: seconds(60) }),
    signed({ exp: claims.exp }),
    signed({ sub: 'someone' }),
    signed({ ...claims, sub: '' }),
    signed({}),
    new UnsecuredJWT(claims).encode(),
    'nonsense',
    'x'.repeat(9_000),
  ];
  for (const token of refused) assert.equal(await withToken(await token), 401, await token);
});

test('without a token, only what is public is open', async () => {
  for (const { table, path } of resources) {
    const isPublic = tables[table]!.policy.read.some(({ audience }) => audience === 'PUBLIC');
    const answer = await backend.get(path);
    assert.equal(answer.status, isPublic ? 200 : 401);
    if (!isPublic) assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  }
});

test('the list of resources and the health check are open', async () => {
  assert.deepEqual((await backend.get('/')).body.resources, resources);
  assert.deepEqual((await backend.get('/health')).body, { status: 'ok' });
});

for (const NODE_ENV of ['production', 'Production', 'prod', 'staging', 'development', 'test', '']) {
  test(`the server refuses to start without a way to verify tokens, NODE_ENV being "${NODE_ENV}"`, () => {
    const faults = ['Set JWT_SECRET (at least 32 characters) or JWKS_URL; AUTH=off is for your own machine alone.'];
    assert.throws(() => readConfig({ NODE_ENV }), (error: InvalidConfig) => assert.deepEqual(error.faults, faults) ?? true);
    assert.deepEqual(readConfig({ NODE_ENV, JWT_SECRET: SECRET }).auth, { secret: SECRET });
  });
}

test('there is one way to verify tokens, of which none can choose another', () => {
  assert.throws(() => readConfig({ JWT_SECRET: SECRET, JWKS_URL: 'https://issuer.example/keys' }), InvalidConfig);
  assert.throws(() => readConfig({ JWT_SECRET: 'short' }), InvalidConfig);
});

test('without authentication the server is for this machine alone', () => {
  assert.equal(readConfig({ AUTH: 'off' }).host, '127.0.0.1');
  assert.equal(readConfig({ AUTH: 'off', HOST: '::1' }).host, '::1');
  assert.throws(() => readConfig({ AUTH: 'off', HOST: '0.0.0.0' }), InvalidConfig);
  assert.throws(() => readConfig({ AUTH: 'off', NODE_ENV: 'production' }), InvalidConfig);
  assert.throws(() => readConfig({ AUTH: 'no', JWT_SECRET: SECRET }), InvalidConfig);
});

test('everything that is wrong with the environment is named', () => {
  assert.throws(
    () => readConfig({ PORT: 'none', TABLE_PREFIX: '!', JWT_SECRET: SECRET }),
    ({ faults }: InvalidConfig) => faults.length === 2,
  );
});
