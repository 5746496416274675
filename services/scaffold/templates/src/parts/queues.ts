import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type Message as Received,
} from '@aws-sdk/client-sqs';

import { log } from '../logger.js';
import type { Database } from '../services/database.js';
import { call, clientSettings } from './aws.js';
import { newMessage, type Message } from './messages.js';

/** A queue of the architecture. There is one in each file of src/parts/queues. */
export interface QueuePart {
  /** It is called TABLE_PREFIX + name. What can't be handled comes into one that has `_dead` behind. */
  readonly name: string;
}

/** Seconds in which a message is to be handled: after that it comes again. */
export const HANDLING_SECONDS = 120;
/** How often a message comes before it is given up. */
const MOST_TRIES = 5;
const DEAD = '_dead';
const DEAD_KEPT_SECONDS = 14 * 24 * 60 * 60;
/** SQS takes no more. */
const AT_ONCE = 10;
const POLL_SECONDS = 20;

const clients = new WeakMap<Database, SQSClient>();

/** One queue, and what waits in it. */
export class Queue {
  private readonly client: SQSClient;
  private found: Promise<string> | undefined;

  constructor(
    private readonly database: Database,
    private readonly part: QueuePart,
  ) {
    this.client = clientOf(database);
  }

  /** Send something, and return the id of the message. Throws Unavailable. */
  async send(type: string, data: unknown): Promise<string> {
    const message = newMessage(type, data);
    await this.sendMessage(message);
    return message.id;
  }

  async sendMessage(message: Message): Promise<void> {
    const input = { QueueUrl: await this.url(), MessageBody: JSON.stringify(message) };
    await call('The queue', (options) => this.client.send(new SendMessageCommand(input), options));
  }

  /** Wait for messages, for twenty seconds or until it is aborted. */
  async receive(abortSignal: AbortSignal): Promise<readonly Received[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: await this.url(),
      MaxNumberOfMessages: AT_ONCE,
      WaitTimeSeconds: POLL_SECONDS,
      VisibilityTimeout: HANDLING_SECONDS,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const { Messages } = await this.client.send(command, { abortSignal, requestTimeout: (POLL_SECONDS + 5) * 1000 });
    return Messages ?? [];
  }

  async delete({ ReceiptHandle }: Received): Promise<void> {
    await this.client.send(new DeleteMessageCommand({ QueueUrl: await this.url(), ReceiptHandle }));
  }

  /** Let a message come again after some seconds. */
  async postpone({ ReceiptHandle }: Received, seconds: number): Promise<void> {
    const input = { QueueUrl: await this.url(), ReceiptHandle, VisibilityTimeout: seconds };
    await this.client.send(new ChangeMessageVisibilityCommand(input));
  }

  /** Found out once, at the first use. */
  private url(): Promise<string> {
    this.found ??= urlOf(this.database, this.part.name).catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }
}

/** For a developer's machine and tests: on AWS, infrastructure/template.json has the queues. */
export async function createQueues(database: Database, parts: readonly QueuePart[]): Promise<void> {
  for (const { name } of parts) {
    const dead = await create(database, `${name}${DEAD}`, { MessageRetentionPeriod: String(DEAD_KEPT_SECONDS) });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await arnAt(database, dead), maxReceiveCount: MOST_TRIES });
    await create(database, name, { RedrivePolicy });
  }
}

/** With all that waits in them. */
export async function deleteQueues(database: Database, parts: readonly QueuePart[]): Promise<void> {
  for (const name of parts.flatMap((part) => [part.name, `${part.name}${DEAD}`])) {
    await clientOf(database).send(new DeleteQueueCommand({ QueueUrl: await urlOf(database, name) }));
  }
}

export async function queueArn(database: Database, { name }: QueuePart): Promise<string> {
  return arnAt(database, await urlOf(database, name));
}

/** Let these topics send to a queue, and no others. */
export async function allowSending(database: Database, part: QueuePart, topics: readonly string[]): Promise<void> {
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: await queueArn(database, part),
    Condition: { ArnEquals: { 'aws:SourceArn': topics } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const QueueUrl = await urlOf(database, part.name);
  await clientOf(database).send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
}

async function arnAt(database: Database, QueueUrl: string): Promise<string> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  return (await clientOf(database).send(command)).Attributes?.QueueArn ?? '';
}

async function create(database: Database, name: string, attributes: Record<string, string>): Promise<string> {
  const QueueName = database.tableName(name);
  const Attributes = { VisibilityTimeout: String(HANDLING_SECONDS), ...attributes };
  const { QueueUrl = '' } = await clientOf(database).send(new CreateQueueCommand({ QueueName, Attributes }));
  log('info', `there is ${QueueName}`);
  return QueueUrl;
}

async function urlOf(database: Database, name: string): Promise<string> {
  const input = { QueueName: database.tableName(name) };
  const { QueueUrl = '' } = await call('The queue', (options) => clientOf(database).send(new GetQueueUrlCommand(input), options));
  return QueueUrl;
}

/** The client that all queues of a database share. */
function clientOf(database: Database): SQSClient {
  let client = clients.get(database);
  if (client === undefined) {
    // An emulator may know itself by another address than that by which it is reached.
    const isAws = database.client.config.endpoint === undefined;
    client = new SQSClient({ ...clientSettings(database), useQueueUrlAsEndpoint: isAws });
    clients.set(database, client);
  }
  return client;
}
