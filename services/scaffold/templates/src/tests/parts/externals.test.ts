import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';

import { InvalidConfig, readConfig } from '../../config.js';
import { Unavailable } from '../../errors.js';
import { External, type ExternalSettings } from '../../parts/externals.js';
import { {{variable}}External } from '../../parts/externals/{{variable}}.js';

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** A service of somebody else, for as long as it is used. */
async function withService(answer: Answering, use: (external: External) => Promise<void>, settings: Partial<ExternalSettings> = {}): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  try {
    await use(new External({{variable}}External, { baseUrl, token: 'secret', timeout: 5_000, ...settings }));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function answering(...statuses: readonly number[]): { readonly asked: IncomingMessage[]; readonly answer: Answering } {
  const asked: IncomingMessage[] = [];
  return {
    asked,
    answer: (request, response) => {
      asked.push(request);
      response.writeHead(statuses[Math.min(asked.length, statuses.length) - 1]!).end('{"is":"so"}');
    },
  };
}

describe('a service of somebody else', () => {
  test('is asked below its base URL, with its token', async () => {
    const { asked, answer } = answering(200);
    await withService(answer, async (external) => {
      assert.deepEqual(await external.getJson('things/1', { of: 'a b' }), { is: 'so' });
      for (const path of ['../admin', '/../admin', 'a/../../admin', '..\\admin']) await assert.rejects(external.call('GET', path));
    });

    assert.deepEqual(
      asked.map(({ url, headers }) => [url, headers.authorization]),
      [['/v1/things/1?of=a+b', 'Bearer secret']],
    );
  });

  test('is asked again where that does no harm', async () => {
    for (const [method, key, times] of [
      ['GET', undefined, 3],
      ['POST', undefined, 1],
      ['POST', 'a key', 3],
    ] as const) {
      const { asked, answer } = answering(503);
      await withService(answer, async (external) => {
        const call = key === undefined ? {} : { idempotencyKey: key };
        assert.equal((await external.call(method, 'things', call)).status, 503);
      });
      assert.equal(asked.length, times);
    }
  });

  test('that answers at last has answered', async () => {
    const { asked, answer } = answering(503, 200);
    await withService(answer, async (external) => {
      assert.equal((await external.call('GET', 'things')).status, 200);
    });
    assert.equal(asked.length, 2);
  });

  test('that does not answer in time is away', async () => {
    const use = (external: External) => assert.rejects(external.call('POST', 'things'), Unavailable);
    await withService(() => undefined, use, { timeout: 100 });
  });

  test('leads to itself, and nowhere else', async () => {
    const locations = ['/v1/there', 'http://127.0.0.1:1/v1/elsewhere'];
    const answer: Answering = ({ url }, response) => {
      const location = url === '/v1/here' ? locations[0] : url === '/v1/away' ? locations[1] : undefined;
      if (location === undefined) response.end('{}');
      else response.writeHead(302, { Location: location }).end();
    };
    await withService(answer, async (external) => {
      assert.equal((await external.call('GET', 'here')).status, 200);
      await assert.rejects(external.call('GET', 'away'), /leads elsewhere/);
    });
  });

  test('is not called where it is not set up', async () => {
    const nowhere = new External({{variable}}External, { baseUrl: undefined, token: undefined, timeout: 100 });
    await assert.rejects(nowhere.call('GET', 'things'), Unavailable);
    assert.throws(() => readConfig({ ...process.env, {{setting}}_BASE_URL: 'not a url' }), InvalidConfig);
  });
});
