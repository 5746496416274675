import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';

import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import { setLogLevel } from '../../logger.js';
import { clientSettings } from '../../parts/aws.js';
import { Consumers } from '../../parts/consumers.js';
import { newMessage, readMessage, type Message } from '../../parts/messages.js';
import { Queue, createQueues, deleteQueues, type QueuePart } from '../../parts/queues.js';
import { {{variable}}Queue, sendTo{{capital}} } from '../../parts/queues/{{variable}}.js';
import { database } from '../backend.js';
{{imports}}
/** A queue of this test alone. */
async function queueOfItsOwn(): Promise<QueuePart> {
  const part = { name: `q-${randomUUID().slice(0, 8)}` };
  await createQueues(database, [part]);
  made.push(part);
  return part;
}

const made: QueuePart[] = [];

after(() => deleteQueues(database, made));

/** Take messages of a queue to a handler, until what it is to come to has come. */
async function consuming(queue: QueuePart, handle: (message: Message) => Promise<void>, until: () => Promise<void>): Promise<void> {
  const consumers = new Consumers({ retrySeconds: 0 }, database, [{ queue, handle }]);
  setLogLevel('off');
  consumers.start();
  try {
    await until();
  } finally {
    await consumers.stop();
    setLogLevel('error');
  }
}

/** A message that waits in a queue, from which nobody else takes any, for a second at least. */
async function waiting(name: string, isRight: (message: Message) => boolean = () => true): Promise<Message | undefined> {
  const sqs = new SQSClient({ ...clientSettings(database), useQueueUrlAsEndpoint: false });
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: database.tableName(name) }));
  for (;;) {
    const input = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(input));
    const message = Messages.map(({ Body }) => readMessage(Body)).find((each) => each !== undefined && isRight(each));
    if (message !== undefined || Messages.length === 0) return message;
  }
}

describe('a queue', () => {
  test('has what is sent to it', async () => {
    const id = await sendTo{{capital}}(database, 'tests.sent', { number: 1 });

    const message = await waiting({{variable}}Queue.name, (each) => each.id === id);

    assert.deepEqual([message?.type, message?.data], ['tests.sent', { number: 1 }]);
    assert.ok(Date.now() - Date.parse(message?.at ?? '') < 60_000);
  });

  test('takes messages to its handler, and has none of them left', async () => {
    const queue = await queueOfItsOwn();
    const { promise, resolve } = Promise.withResolvers<Message>();
    const id = await new Queue(database, queue).send('tests.sent', {});

    await consuming(
      queue,
      (message) => Promise.resolve(resolve(message)),
      async () => {
        assert.equal((await promise).id, id);
      },
    );

    assert.equal(await waiting(queue.name), undefined);
  });

  test('takes a message again that was not handled, and gives it up at last', async () => {
    const queue = await queueOfItsOwn();
    const id = await new Queue(database, queue).send('tests.failing', {});
    let tries = 0;
    let dead: Message | undefined;

    await consuming(
      queue,
      () => {
        tries += 1;
        return Promise.reject(new Error('no'));
      },
      async () => {
        while (dead === undefined) dead = await waiting(`${queue.name}_dead`);
      },
    );

    assert.equal(dead?.id, id);
    assert.equal(tries, 5);
  });

  test('handles a message once that came twice', async () => {
    const queue = await queueOfItsOwn();
    const [twice, last] = [newMessage('tests.twice', {}), newMessage('tests.last', {})];
    const handled: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const handle = (message: Message): Promise<void> => {
      handled.push(message.id);
      if (message.id === last.id) resolve();
      return Promise.resolve();
    };

    await new Queue(database, queue).sendMessage(twice);
    await consuming(queue, handle, async () => {
      while (handled.length === 0) await new Promise((next) => setImmediate(next));
    });
    for (const message of [twice, last]) await new Queue(database, queue).sendMessage(message);
    await consuming(queue, handle, () => promise);

    assert.deepEqual(handled, [twice.id, last.id]);
  });
});

test('what is no message is none', () => {
  assert.throws(() => newMessage('two words', {}));
  for (const text of [undefined, '', 'text', '[]', '{}', '{"id":"1","type":"a","at":"today","data":1}']) {
    assert.equal(readMessage(text), undefined);
  }
});
{{tellings}}
