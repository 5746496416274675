import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { after, before, test } from 'node:test';

import { InvalidConfig, readConfig } from '../config.js';
import { resources } from '../routes/index.js';
import { Backend } from './backend.js';

const { path } = resources[0]!;

/** The settings that every backend needs. */
const BASE = { AUTH: 'off', SEALING_KEYS: `test:${Buffer.alloc(32).toString('base64')}` };

let backend: Backend;

before(async () => {
  backend = await Backend.start({
    CORS_ORIGINS: 'https://app.example.com',
    RATE_LIMIT_PER_ADDRESS: '3',
    TRUST_PROXY: '1',
  });
});

after(() => backend.stop());

function from(address: string): Record<string, string> {
  return { 'X-Forwarded-For': address };
}

test('a server that is well is live and ready, however many ask', async () => {
  for (let i = 0; i < 5; i += 1) {
    assert.deepEqual((await backend.get('/live', from('192.0.2.1'))).body, { status: 'ok' });
    assert.deepEqual((await backend.get('/ready', from('192.0.2.1'))).body, { status: 'ready' });
  }
});

test('an address makes so many requests a minute, and is told how many are left', async () => {
  const answers = [];
  for (let i = 0; i < 4; i += 1) answers.push(await backend.get(path, from('192.0.2.2')));
  const refused = answers.pop()!;

  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get('RateLimit')?.split(';')[1]]),
    [
      [200, ' r=2'],
      [200, ' r=1'],
      [200, ' r=0'],
    ],
  );
  assert.equal(refused.status, 429);
  assert.equal(refused.body.error.code, 'TOO_MANY_REQUESTS');
  assert.match(refused.headers.get('RateLimit-Policy') ?? '', /^"address"; q=3; w=60/);
  assert.match(refused.headers.get('Retry-After') ?? '', /^[1-9][0-9]?$/);
  assert.equal((await backend.get(path, from('192.0.2.3'))).status, 200);
});

test('a fit request id comes back, any other is replaced', async () => {
  const idOf = async (id: string) => (await backend.get('/live', { 'X-Request-Id': id })).headers.get('X-Request-Id');

  assert.equal(await idOf('order-17.2'), 'order-17.2');
  for (const unfit of ['two words', '<script>', 'x'.repeat(129)]) {
    assert.match((await idOf(unfit)) ?? '', /^[0-9a-f-]{36}$/);
  }
});

test('pages of the origins in CORS_ORIGINS may read answers, others may not', async () => {
  const allowed = await backend.get('/live', { Origin: 'https://app.example.com' });
  const other = await backend.get('/live', { Origin: 'https://app.example.com.evil.example' });

  assert.equal(allowed.headers.get('Access-Control-Allow-Origin'), 'https://app.example.com');
  assert.equal(other.headers.get('Access-Control-Allow-Origin'), null);
});

test('answers carry security headers and are not kept', async () => {
  const { headers } = await backend.get('/live');

  assert.match(headers.get('Content-Security-Policy') ?? '', /^default-src 'none'/);
  assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
  assert.match(headers.get('Strict-Transport-Security') ?? '', /^max-age=\d+/);
  assert.equal(headers.get('Cache-Control'), 'no-store');
  assert.equal(headers.get('X-Powered-By'), null);
});

test('a database that never answers is a 503 to all who wait, when its time is up', async () => {
  const silence = await silentDatabase();
  const { port } = silence.address() as AddressInfo;
  const waiting = await Backend.startBare({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, DATABASE_TIMEOUT_MS: '500' });
  try {
    const answers = await Promise.all([waiting.get('/ready'), ...Array.from({ length: 100 }, () => waiting.get(path))]);

    for (const { status, body } of answers) {
      assert.equal(status, 503);
      assert.deepEqual(body, {
        error: { code: 'UNAVAILABLE', message: 'The database does not answer. Try again in a moment.' },
      });
    }
    assert.equal((await waiting.get('/live')).status, 200);
  } finally {
    await waiting.stop();
    silence.close();
  }
});

test('unless it is said otherwise, a database has two and a half seconds, and a request ten', () => {
  const { databaseTimeout, requestTimeout } = readConfig(BASE);

  assert.deepEqual([databaseTimeout, requestTimeout], [2_500, 10_000]);
});

test('a database that is not there is a 503', async () => {
  const away = await Backend.startBare({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });

  const answer = await away.get(path);

  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('Retry-After'), '1');
  assert.equal((await away.get('/ready')).status, 503);
  await away.stop();
});

test('a request that takes too long is answered all the same', async () => {
  const silence = await silentDatabase();
  const { port } = silence.address() as AddressInfo;
  const slow = await Backend.startBare({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, REQUEST_TIMEOUT_MS: '200' });

  const answer = await slow.get(path);

  assert.equal(answer.status, 503);
  assert.equal(answer.body.error.message, 'The request took too long.');
  await slow.stop();
  silence.close();
});

test('a server that stops answers what it has begun, and keeps no connection', { timeout: 20_000 }, async () => {
  const silence = await silentDatabase();
  const { port } = silence.address() as AddressInfo;
  const stopping = await Backend.startBare({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, DATABASE_TIMEOUT_MS: '1000' });
  await stopping.get('/live');

  const asked = new Promise((resolve) => silence.once('connection', resolve));
  const answer = stopping.get(path);
  await asked;
  await stopping.stop();

  assert.equal((await answer).status, 503);
  silence.close();
});

test('whose word on addresses is taken, and whose pages may read answers, is said in terms that can be meant', () => {
  const proxies = (variables: NodeJS.ProcessEnv) => readConfig({ ...BASE, ...variables }).trustProxy;

  assert.equal(proxies({}), 0);
  assert.equal(proxies({ DYNO: 'web.1' }), 1);
  assert.equal(proxies({ DYNO: 'web.1', TRUST_PROXY: '0' }), 0);
  assert.deepEqual(proxies({ TRUST_PROXY: 'loopback, 10.0.0.0/8' }), ['loopback', '10.0.0.0/8']);
  for (const TRUST_PROXY of ['true', '11', '-1', 'proxy.example.com']) {
    assert.throws(() => readConfig({ ...BASE, TRUST_PROXY }), InvalidConfig);
  }
  for (const CORS_ORIGINS of ['app.example.com', 'https://app.example.com/', 'https://a.example,b']) {
    assert.throws(() => readConfig({ ...BASE, CORS_ORIGINS }), InvalidConfig);
  }
});

/** A server that takes every connection and says nothing. */
async function silentDatabase(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
