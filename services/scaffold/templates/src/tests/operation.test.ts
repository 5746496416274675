import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';

import { InvalidConfig, readConfig } from '../config.js';
import { SEALING_KEYS, send, startServer, withServer, type Answer, type Send } from './backend.js';

const OPEN = { AUTH: 'off', JWT_SECRET: '' };

describe('the server', () => {
  test('is live and ready, however many ask', async () => {
    await withServer({ ...OPEN, RATE_LIMIT_PER_ADDRESS: '3' }, async (ask) => {
      for (let i = 0; i < 5; i += 1) {
        assert.deepEqual((await ask('GET', '/live')).body, { status: 'ok' });
        assert.deepEqual((await ask('GET', '/ready')).body, { status: 'ready' });
      }
    });
  });

  test('answers an address so many requests a minute, and says how many are left', async () => {
    await withServer({ ...OPEN, RATE_LIMIT_PER_ADDRESS: '3', TRUST_PROXY: '1' }, async (ask) => {
      const answers = [];
      for (let i = 0; i < 4; i += 1) answers.push(await from(ask, '192.0.2.2'));
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
      assert.equal((await from(ask, '192.0.2.3')).status, 200);
    });
  });

  test('gives back a fit request id, and replaces any other', async () => {
    const idOf = async (id: string) => {
      const answer = await send('GET', '/live', undefined, { 'X-Request-Id': id });
      return answer.headers.get('X-Request-Id') ?? '';
    };

    assert.equal(await idOf('order-17.2'), 'order-17.2');
    for (const unfit of ['two words', '<script>', 'x'.repeat(129)]) assert.match(await idOf(unfit), /^[0-9a-f-]{36}$/);
  });

  test('lets pages of the origins in CORS_ORIGINS read answers, and no others', async () => {
    await withServer({ CORS_ORIGINS: 'https://app.example.com' }, async (ask) => {
      const allowed = async (Origin: string) => {
        const { headers } = await ask('GET', '/live', undefined, { Origin });
        return headers.get('Access-Control-Allow-Origin');
      };

      assert.equal(await allowed('https://app.example.com'), 'https://app.example.com');
      assert.equal(await allowed('https://app.example.com.evil.example'), null);
    });
  });

  test('answers what is no HTTP as it does every other fault', async () => {
    for (const [request, status, code] of [
      ['NONSENSE\r\n\r\n', 400, 'BAD_REQUEST'],
      ['GET / HTTP/1.1\r\n\r\n', 400, 'BAD_REQUEST'],
      [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
      ['POST {{path}} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n', 400, 'BAD_REQUEST'],
    ] as const) {
      const [head = '', body = ''] = (await answerTo(request)).split('\r\n\r\n');

      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(head, /\r\nContent-Type: application\/json; charset=utf-8\r\n/);
      assert.equal(JSON.parse(body).error.code, code);
    }
  });

  test('sends security headers, and answers that are not kept', async () => {
    const { headers } = await send('GET', '/live');

    assert.match(headers.get('Content-Security-Policy') ?? '', /^default-src 'none'/);
    assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    assert.match(headers.get('Strict-Transport-Security') ?? '', /^max-age=\d+/);
    assert.equal(headers.get('Cache-Control'), 'no-store');
    assert.equal(headers.get('X-Powered-By'), null);
  });
});

test('whose word on addresses is taken, and whose pages may read answers, is said in terms that can be meant', () => {
  const base = { AUTH: 'off', SEALING_KEYS };
  const proxies = (variables: NodeJS.ProcessEnv) => readConfig({ ...base, ...variables }).trustProxy;

  assert.equal(proxies({}), 0);
  assert.equal(proxies({ DYNO: 'web.1' }), 1);
  assert.equal(proxies({ DYNO: 'web.1', TRUST_PROXY: '0' }), 0);
  assert.deepEqual(proxies({ TRUST_PROXY: 'loopback, 10.0.0.0/8' }), ['loopback', '10.0.0.0/8']);
  for (const TRUST_PROXY of ['true', '11', '-1', 'proxy.example.com', '0.0.0.0/0', '::/0', '10.0.0.0/33']) {
    assert.throws(() => readConfig({ ...base, TRUST_PROXY }), InvalidConfig);
  }
  for (const CORS_ORIGINS of ['app.example.com', 'https://app.example.com/', 'https://a.example,b']) {
    assert.throws(() => readConfig({ ...base, CORS_ORIGINS }), InvalidConfig);
  }
});

describe('a database', () => {
  test('that never answers is a 503 to all who wait, when its time is up', async () => {
    await withSilence(async (AWS_ENDPOINT_URL) => {
      const variables = { ...OPEN, LOG_LEVEL: 'off', AWS_ENDPOINT_URL, DATABASE_TIMEOUT_MS: '500' };
      await withServer(variables, async (ask) => {
        const records = Array.from({ length: 100 }, () => ask('GET', '{{path}}'));
        const answers = await Promise.all([ask('GET', '/ready'), ...records]);

        for (const { status, body } of answers) {
          assert.equal(status, 503);
          assert.deepEqual(body, {
            error: { code: 'UNAVAILABLE', message: 'The database does not answer. Try again in a moment.' },
          });
        }
        assert.equal((await ask('GET', '/live')).status, 200);
      });
    });
  });

  test('that is looked at for a client who has gone is looked at for the others', async () => {
    await withSilence(async (AWS_ENDPOINT_URL, asked) => {
      const server = await startServer({ ...OPEN, AWS_ENDPOINT_URL, DATABASE_TIMEOUT_MS: '1000' });
      const gone = connect(Number(new URL(server.address).port), '127.0.0.1');
      gone.write('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
      await asked;
      const other = server.send('GET', '/ready');
      gone.destroy();
      const { body } = await other;
      await server.stop();

      assert.equal(body.error.message, 'The database does not answer. Try again in a moment.');
    });
  });

  test('that never answers keeps no server from stopping: it answers what it has begun', { timeout: 20_000 }, async () => {
    await withSilence(async (AWS_ENDPOINT_URL, asked) => {
      const stopping = await startServer({ ...OPEN, AWS_ENDPOINT_URL, DATABASE_TIMEOUT_MS: '1000' });
      const answer = stopping.send('GET', '{{path}}');
      await asked;
      await stopping.stop();

      const { status, headers } = await answer;
      assert.equal(status, 503);
      assert.equal(headers.get('Connection'), 'close');
    });
  });

  test('has two and a half seconds, and a request ten, unless it is said otherwise', () => {
    const { databaseTimeout, requestTimeout } = readConfig({ AUTH: 'off', SEALING_KEYS });

    assert.deepEqual([databaseTimeout, requestTimeout], [2_500, 10_000]);
  });

  test('that is not there is a 503', async () => {
    await withServer({ ...OPEN, LOG_LEVEL: 'off', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, async (ask) => {
      const answer = await ask('GET', '{{path}}');

      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get('Retry-After'), '1');
      assert.equal((await ask('GET', '/ready')).status, 503);
    });
  });

  test('that takes too long does not keep a request waiting', async () => {
    await withSilence(async (AWS_ENDPOINT_URL) => {
      const variables = { ...OPEN, LOG_LEVEL: 'off', AWS_ENDPOINT_URL, REQUEST_TIMEOUT_MS: '200' };
      await withServer(variables, async (ask) => {
        const answer = await ask('GET', '{{path}}');

        assert.equal(answer.status, 503);
        assert.equal(answer.body.error.message, 'The request took too long.');
      });
    });
  });
});

function from(ask: Send, address: string): Promise<Answer> {
  return ask('GET', '{{path}}', undefined, { 'X-Forwarded-For': address });
}

/** What the server says before it closes the connection, or where it says all at once. */
async function answerTo(request: string): Promise<string> {
  const server = await startServer(OPEN);
  const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
  socket.write(request);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  await server.stop();
  return answer.toString();
}

/** A server that takes every connection and says nothing. */
async function withSilence(use: (url: string, asked: Promise<unknown>) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  const asked = new Promise((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.close();
  }
}
