import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startServer } from './backend.js';
import { Resource } from './resource.js';
import { {{samples}} } from './samples.js';

{{resource}}
{{child}}

test('a deletion whose time is up goes on after the answer', async () => {
  const record = await {{make}}();
  const child = await {{refer}};
  const server = await startServer({ AUTH: 'off', JWT_SECRET: '', DELETION_TIMEOUT_MS: '0' });
  const answer = await server.send('DELETE', records.at(record));
  // Which waits for what goes on.
  await server.stop();

  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  assert.equal(await records.stored(record), undefined);
  assert.equal(await children.stored(child), undefined);
});
