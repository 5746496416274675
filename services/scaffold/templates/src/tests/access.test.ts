import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import jwt from 'jsonwebtoken';

import { InvalidConfig, readConfig } from '../config.js';
import { resources } from '../routes/index.js';
import { Backend } from './backend.js';

const SECRET = 'a secret of more than thirty-two characters';

let backend: Backend;

before(async () => {
  backend = await Backend.start({ JWT_SECRET: SECRET });
});

after(() => backend.stop());

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

test('records need a valid token', async () => {
  const { path } = resources[0]!;
  const ours = jwt.sign({ sub: 'someone' }, SECRET);
  const forged = jwt.sign({ sub: 'someone' }, `${SECRET}!`);
  const expired = jwt.sign({ sub: 'someone' }, SECRET, { expiresIn: -1 });
  const unsigned = jwt.sign({ sub: 'someone' }, null, { algorithm: 'none' });

  assert.equal((await backend.get(path, bearer(ours))).status, 200);
  assert.equal((await backend.get(path)).status, 401);
  for (const token of [forged, expired, unsigned, 'nonsense']) {
    const answer = await backend.get(path, bearer(token));
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error.code, 'UNAUTHENTICATED');
  }
});

test('the list of resources and the health check are open', async () => {
  assert.deepEqual((await backend.get('/')).body.resources, resources);
  assert.deepEqual((await backend.get('/health')).body, { status: 'ok' });
});

test('production refuses to start without a secret', () => {
  assert.throws(() => readConfig({ NODE_ENV: 'production' }), InvalidConfig);
  assert.throws(() => readConfig({ JWT_SECRET: 'short' }), InvalidConfig);
  assert.equal(readConfig({ NODE_ENV: 'production', JWT_SECRET: SECRET }).jwtSecret, SECRET);
});

test('everything that is wrong with the environment is named', () => {
  assert.throws(
    () => readConfig({ PORT: 'none', TABLE_PREFIX: '!' }),
    ({ faults }: InvalidConfig) => faults.length === 2,
  );
});
