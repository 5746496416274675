import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import createClient, { type Client } from 'openapi-fetch';

import { startServer, type Server } from '../dist/tests/backend.js';
import { new{{type}} } from '../dist/tests/samples.js';
import type { components, paths } from './api.js';

type {{type}} = components['schemas']['{{type}}'];

let backend: Server;
let client: Client<paths>;

before(async () => {
  backend = await startServer({ AUTH: 'off', JWT_SECRET: '' });
  client = createClient<paths>({ baseUrl: backend.address });
});

after(() => backend.stop());

test('a client made from openapi.json has the types of what the backend answers', async () => {
  const made = await new{{type}}();
  const { body } = await backend.send('GET', `{{ownPath}}/${encodeURIComponent(made{{key}})}`);
  const record: {{type}} = body;

  const one = await client.GET({{recordPath}}, { params: { path: { id: record{{key}} } } });
  const query = { limit: 1, sort: {{sort}}, {{range}}: record{{created}} } as const;
  const list = await client.GET({{path}}, { params: { query } });
  const items: readonly {{type}}[] = list.data?.items ?? [];

  assert.deepEqual(one.data, record);
  assert.deepEqual(items, [record]);
});

test('what the document does not have does not compile, and is refused', async () => {
  // @ts-expect-error There is no such parameter.
  const { error, response } = await client.GET({{path}}, { params: { query: { surprise: 1 } } });

  assert.deepEqual([response.status, error?.error.code], [400, 'VALIDATION_FAILED']);
});
