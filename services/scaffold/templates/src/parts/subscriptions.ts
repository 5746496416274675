import { SubscribeCommand } from '@aws-sdk/client-sns';

import type { Database } from '../services/database.js';
import { allowSending, queueArn, type QueuePart } from './queues.js';
import { topicArn, topicClient, type TopicPart } from './topics.js';

/** A queue gets what is published to a topic. */
export interface Subscription {
  readonly topic: TopicPart;
  readonly queue: QueuePart;
}

/** For a developer's machine and tests: on AWS, infrastructure/template.json has the subscriptions. */
export async function subscribe(database: Database, subscriptions: readonly Subscription[]): Promise<void> {
  for (const queue of new Set(subscriptions.map((subscription) => subscription.queue))) {
    const topics = subscriptions.filter((subscription) => subscription.queue === queue).map(({ topic }) => topic);
    const arns = await Promise.all(topics.map((topic) => topicArn(database, topic)));
    await allowSending(database, queue, arns);
    for (const TopicArn of arns) {
      const Endpoint = await queueArn(database, queue);
      const Attributes = { RawMessageDelivery: 'true' };
      await topicClient(database).send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
    }
  }
}
