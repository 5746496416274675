import { createClient } from '@redis/client';

import { log } from '../logger.js';
import type { Store } from './caches.js';

/** A cache that takes longer is slower than what it spares. */
const PATIENCE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

type Client = ReturnType<typeof connection>;

/** Keeps texts in Redis. What it does throws where that does not answer at once. */
export class RedisStore implements Store {
  private readonly client: Client;

  constructor(url: string) {
    this.client = connection(url);
    this.client.on('error', (error: Error) => {
      log('warn', 'Redis is not reached', { error: error.message });
    });
    void this.client.connect().catch(() => undefined);
  }

  async get(key: string): Promise<string | undefined> {
    return (await inTime(this.client.get(key))) ?? undefined;
  }

  async set(key: string, text: string, seconds: number): Promise<void> {
    await inTime(this.client.set(key, text, { expiration: { type: 'PX', value: Math.max(1, Math.round(seconds * 1000)) } }));
  }

  async delete(key: string): Promise<void> {
    await inTime(this.client.del(key));
  }

  async close(): Promise<void> {
    this.client.destroy();
    return Promise.resolve();
  }
}

function connection(url: string) {
  const reconnectStrategy = (tries: number): number => Math.min(100 * 2 ** tries, LONGEST_PAUSE_MS);
  return createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: PATIENCE_MS, reconnectStrategy } });
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error('Redis does not answer in time.'));
  }, PATIENCE_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
