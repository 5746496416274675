import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { InvalidConfig, readConfig, type Config } from '../config.js';
import { tables } from '../models/index.js';
import { resources } from '../routes/index.js';
import { Backend, SEALING_KEYS } from './backend.js';

const SECRET = 'a secret of more than thirty-two characters';

let backend: Backend;

before(async () => {
  backend = await Backend.start({ JWT_SECRET: SECRET });
});

after(() => backend.stop());

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

function read(variables: NodeJS.ProcessEnv): Config {
  return readConfig({ SEALING_KEYS, ...variables });
}

for (const NODE_ENV of ['production', 'Production', 'prod', 'staging', 'development', 'test', '']) {
  test(`the server refuses to start without a way to verify tokens, NODE_ENV being "${NODE_ENV}"`, () => {
    assert.throws(
      () => read({ NODE_ENV }),
      ({ faults }: InvalidConfig) => faults.length === 1 && faults[0]!.startsWith('Set JWT_SECRET (at least 32 characters)'),
    );
    assert.deepEqual(read({ NODE_ENV, JWT_SECRET: SECRET }).auth, { secret: SECRET });
  });
}

test('there is one way to verify tokens, of which none can choose another', () => {
  assert.throws(() => read({ JWT_SECRET: SECRET, JWKS_URL: 'https://issuer.example/keys' }), InvalidConfig);
  assert.throws(() => read({ JWT_SECRET: 'short' }), InvalidConfig);
});

test('without authentication the server is for this machine alone', () => {
  assert.equal(read({ AUTH: 'off' }).host, '127.0.0.1');
  assert.equal(read({ AUTH: 'off', HOST: '::1' }).host, '::1');
  assert.throws(() => read({ AUTH: 'off', HOST: '0.0.0.0' }), InvalidConfig);
  assert.throws(() => read({ AUTH: 'off', NODE_ENV: 'production' }), InvalidConfig);
  assert.throws(() => read({ AUTH: 'no', JWT_SECRET: SECRET }), InvalidConfig);
});

test('everything that is wrong with the environment is named', () => {
  assert.throws(
    () => read({ PORT: 'none', TABLE_PREFIX: '!', JWT_SECRET: SECRET }),
    ({ faults }: InvalidConfig) => faults.length === 2,
  );
});
