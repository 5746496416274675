import type { Config } from '../config.js';
import { log } from '../logger.js';
import { MemoryStore } from './memoryStore.js';
import { RedisStore } from './redisStore.js';

/** A cache of the architecture. There is one in each file of src/parts/caches. */
export interface CachePart {
  readonly name: string;
  readonly settings: (config: Config) => CacheSettings;
}

export interface CacheSettings {
  /** For which something is kept, where nothing else is said. */
  readonly seconds: number;
  /** The most that is kept in memory; what was not used for longest goes first. */
  readonly entries: number;
}

/** Where texts are kept for a while. */
export interface Store {
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string, seconds: number): Promise<void>;
  delete(key: string): Promise<void>;
}

const redis = new Map<string, RedisStore>();

/** Copies of what takes long to get. They may be gone at any time: a cache that can't be reached has nothing. */
export class Cache {
  private readonly making = new Map<string, Promise<unknown>>();

  constructor(
    private readonly name: string,
    private readonly store: Store,
    private readonly settings: CacheSettings,
  ) {}

  /** In Redis where REDIS_URL is set, which all processes share, and else in the memory of this one. */
  static of(part: CachePart, config: Config): Cache {
    const settings = part.settings(config);
    const name = `${config.tablePrefix}${part.name}`;
    return new Cache(name, config.redisUrl === undefined ? new MemoryStore(settings.entries) : redisAt(config.redisUrl), settings);
  }

  /** What is kept under a key, as JSON has it; undefined where nothing is. */
  async get(key: string): Promise<unknown> {
    const text = await this.trying(() => this.store.get(this.place(key)));
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }

  async set(key: string, value: unknown, seconds = this.settings.seconds): Promise<void> {
    await this.trying(() => this.store.set(this.place(key), JSON.stringify(value), seconds));
  }

  /** Forget what is no longer so. */
  async delete(key: string): Promise<void> {
    await this.trying(() => this.store.delete(this.place(key)));
  }

  /** What is kept under a key; else what is made, which is kept then. A process makes it once, however many ask. */
  async remember<Value>(key: string, make: () => Promise<Value>, seconds = this.settings.seconds): Promise<Value> {
    const kept = await this.get(key);
    if (kept !== undefined) return kept as Value;
    const begun = this.making.get(key) as Promise<Value> | undefined;
    if (begun !== undefined) return begun;
    const made = this.make(key, make, seconds);
    this.making.set(key, made);
    return made;
  }

  private async make<Value>(key: string, make: () => Promise<Value>, seconds: number): Promise<Value> {
    try {
      const value = await make();
      if (value !== undefined) await this.set(key, value, seconds);
      return value;
    } finally {
      this.making.delete(key);
    }
  }

  private place(key: string): string {
    return `${this.name}:${key}`;
  }

  private async trying<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      log('warn', 'a cache is not reached', { cache: this.name, error: String(error) });
      return undefined;
    }
  }
}

/** Close what is open to Redis. */
export async function closeCaches(): Promise<void> {
  await Promise.all([...redis.values()].map((store) => store.close()));
  redis.clear();
}

/** The connection that all caches of a process share. */
function redisAt(url: string): RedisStore {
  const store = redis.get(url) ?? new RedisStore(url);
  redis.set(url, store);
  return store;
}
