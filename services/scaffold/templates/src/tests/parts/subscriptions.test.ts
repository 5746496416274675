import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Queue } from '../../parts/queues.js';
import { {{queue}}Queue } from '../../parts/queues/{{queue}}.js';
import { publishTo{{capital}} } from '../../parts/topics/{{variable}}.js';
import { readMessage, type Message } from '../../parts/messages.js';
import { database } from '../backend.js';

test('a message of a topic comes into the queue, as it was published', async () => {
  const id = await publishTo{{capital}}(database, 'tests.published', { number: 1 });

  const queue = new Queue(database, {{queue}}Queue);
  let message: Message | undefined;
  while (message === undefined) {
    const received = await queue.receive(AbortSignal.timeout(20_000));
    message = received.map(({ Body }) => readMessage(Body)).find((each) => each?.id === id);
  }

  assert.deepEqual([message.type, message.data], ['tests.published', { number: 1 }]);
});
