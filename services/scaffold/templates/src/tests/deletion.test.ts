import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startServer } from './backend.js';
import { Resource } from './resource.js';
import { {{samples}} } from './samples.js';

{{resource}}
{{child}}

test('a deletion whose time is up goes on after the answer', async () => {
  const server = await startServer({ AUTH: 'off', JWT_SECRET: '', DELETION_TIMEOUT_MS: '0' });
  const asked = [];
  const statuses: number[] = [];
  // One that is done at once, however little time it has, is answered with 204.
  while (statuses.at(-1) !== 202 && statuses.length < 20) {
    const record = await {{make}}();
    const child = await {{refer}};
    const answer = await server.send('DELETE', records.at(record));
    asked.push({ record, child });
    statuses.push(answer.status);
  }
  // Which waits for what goes on.
  await server.stop();

  assert.equal(statuses.at(-1), 202, statuses.join(' '));
  assert.ok(statuses.slice(0, -1).every((status) => status === 204), statuses.join(' '));
  for (const { record, child } of asked) {
    assert.equal(await records.stored(record), undefined);
    assert.equal(await children.stored(child), undefined);
  }
});
