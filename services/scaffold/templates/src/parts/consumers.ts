import { setTimeout as sleep } from 'node:timers/promises';

import type { Message as Received } from '@aws-sdk/client-sqs';

import type { Config } from '../config.js';
import { log } from '../logger.js';
import type { Database } from '../services/database.js';
import { Claims } from './claims.js';
import { handlers, type Handler } from './handlers.js';
import { readMessage, type Message } from './messages.js';
import { Queue } from './queues.js';

/** After which a queue that can't be reached is tried again. */
const PAUSE_MS = 5_000;
/** SQS lets a message wait for twelve hours; nobody should. */
const LONGEST_RETRY_SECONDS = 900;
/** By which the wait for the next try grows. */
const FACTOR = 4;

type Settings = Pick<Config, 'retrySeconds'>;

/** Takes the messages of one queue, as they come, to its handler. */
class Consumer {
  private readonly queue: Queue;
  private readonly claims: Claims;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly handler: Handler,
    private readonly settings: Settings,
  ) {
    this.queue = new Queue(database, handler.queue);
    this.claims = new Claims(database, handler.queue.name);
  }

  start(): void {
    this.running = this.run();
  }

  /** What is being handled is handled to its end. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const messages = await this.queue.receive(signal);
        await Promise.all(messages.map((message) => this.take(message)));
      } catch (error) {
        if (signal.aborted) return;
        log('error', 'a queue is not read', { queue: this.handler.queue.name, error: String(error) });
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Only what is handled is deleted. */
  private async take(received: Received): Promise<void> {
    const { queue } = this.handler;
    const message = readMessage(received.Body);
    try {
      if (message === undefined) throw new Error('It is not a message.');
      const claim = await this.claims.take(message.id);
      if (claim === 'busy') return;
      if (claim === 'taken') await this.handle(message);
      await this.queue.delete(received);
    } catch (error) {
      log('error', 'a message is not handled', { queue: queue.name, id: message?.id, error: describe(error) });
      await this.tryLater(received, message?.id);
    }
  }

  /** What is handled stays so, whatever becomes of its deletion; what is not may be taken again by anybody. */
  private async handle(message: Message): Promise<void> {
    try {
      await this.handler.handle(message, this.database);
    } catch (error) {
      // A claim that is not given up runs out.
      await this.claims.giveUp(message.id).catch(() => undefined);
      throw error;
    }
    await this.claims.complete(message.id);
  }

  private async tryLater(received: Received, id: string | undefined): Promise<void> {
    const tries = Number(received.Attributes?.ApproximateReceiveCount ?? 1);
    const seconds = Math.min(this.settings.retrySeconds * FACTOR ** (tries - 1), LONGEST_RETRY_SECONDS);
    try {
      await this.queue.postpone(received, seconds);
    } catch (error) {
      // It comes again by itself, when its time to be handled is up.
      log('warn', 'a message was not postponed', { queue: this.handler.queue.name, id, error: String(error) });
    }
  }
}

/** All consumers of a process. */
export class Consumers {
  private readonly consumers: readonly Consumer[];

  constructor(settings: Settings, database: Database, taking: readonly Handler[] = handlers) {
    this.consumers = taking.map((handler) => new Consumer(database, handler, settings));
  }

  start(): void {
    for (const consumer of this.consumers) consumer.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
