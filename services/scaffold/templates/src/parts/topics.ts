import { CreateTopicCommand, DeleteTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';

import { log } from '../logger.js';
import type { Database } from '../services/database.js';
import { accountOf } from './account.js';
import { call, clientSettings } from './aws.js';
import { newMessage, type Message } from './messages.js';

/** A topic of the architecture. There is one in each file of src/parts/topics. */
export interface TopicPart {
  /** It is called TABLE_PREFIX + name. */
  readonly name: string;
}

const clients = new WeakMap<Database, SNSClient>();
const arns = new WeakMap<Database, Promise<string>>();

/** One topic: what is published goes to everybody who has subscribed. */
export class Topic {
  constructor(
    private readonly database: Database,
    private readonly part: TopicPart,
  ) {}

  /** Publish something, and return the id of the message. Throws Unavailable. */
  async publish(type: string, data: unknown): Promise<string> {
    const message = newMessage(type, data);
    await this.publishMessage(message);
    return message.id;
  }

  async publishMessage(message: Message): Promise<void> {
    const input = { TopicArn: await topicArn(this.database, this.part), Message: JSON.stringify(message) };
    await call('The topic', (options) => topicClient(this.database).send(new PublishCommand(input), options));
  }
}

/** For a developer's machine and tests: on AWS, infrastructure/template.json has the topics. */
export async function createTopics(database: Database, parts: readonly TopicPart[]): Promise<void> {
  for (const part of parts) {
    const Name = database.tableName(part.name);
    await topicClient(database).send(new CreateTopicCommand({ Name }));
    log('info', `there is ${Name}`);
  }
}

export async function deleteTopics(database: Database, parts: readonly TopicPart[]): Promise<void> {
  for (const part of parts) {
    await topicClient(database).send(new DeleteTopicCommand({ TopicArn: await topicArn(database, part) }));
  }
}

export async function topicArn(database: Database, { name }: TopicPart): Promise<string> {
  return `${await place(database)}:${database.tableName(name)}`;
}

/** The client that all topics of a database share. */
export function topicClient(database: Database): SNSClient {
  const client = clients.get(database) ?? new SNSClient(clientSettings(database));
  clients.set(database, client);
  return client;
}

/** What the ARNs of all topics begin with; found out once. */
function place(database: Database): Promise<string> {
  const found = arns.get(database) ?? findPlace(database);
  arns.set(database, found);
  found.catch(() => arns.delete(database));
  return found;
}

async function findPlace(database: Database): Promise<string> {
  const [{ number, partition }, region] = [await accountOf(database), await database.client.config.region()];
  return `arn:${partition}:sns:${region}:${number}`;
}
