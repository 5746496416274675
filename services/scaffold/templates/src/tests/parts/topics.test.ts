import assert from 'node:assert/strict';
import { test } from 'node:test';

import { publishTo{{capital}} } from '../../parts/topics/{{variable}}.js';
import { database } from '../backend.js';

test('a topic takes messages, and nothing else', async () => {
  assert.match(await publishTo{{capital}}(database, 'tests.published', { number: 1 }), /^[0-9a-f-]{36}$/);
  await assert.rejects(publishTo{{capital}}(database, 'two words', {}));
});
