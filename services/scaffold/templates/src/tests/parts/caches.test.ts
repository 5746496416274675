import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { setLogLevel } from '../../logger.js';
import { Cache, closeCaches, type Store } from '../../parts/caches.js';
import { MemoryStore } from '../../parts/memoryStore.js';
import { RedisStore } from '../../parts/redisStore.js';

const SETTINGS = { seconds: 60, entries: 2 };
const { REDIS_URL } = process.env;

function cacheIn(store: Store): Cache {
  return new Cache(`tests-${randomUUID()}`, store, SETTINGS);
}

/** In memory, and in Redis where the environment has one. */
const stores: Record<string, Store> = { memory: new MemoryStore(100), ...(REDIS_URL ? { Redis: new RedisStore(REDIS_URL) } : {}) };

after(async () => {
  if (stores.Redis instanceof RedisStore) await stores.Redis.close();
  await closeCaches();
});

for (const [name, store] of Object.entries(stores)) {
  describe(`a cache in ${name}`, () => {
    test('has what was put into it, until it is deleted', async () => {
      const cache = cacheIn(store);
      while (REDIS_URL && (await cache.get('ready')) === undefined) await cache.set('ready', true);
      await cache.set('key', { is: ['so'] });

      assert.deepEqual(await cache.get('key'), { is: ['so'] });
      assert.equal(await cacheIn(store).get('key'), undefined);
      await cache.delete('key');
      assert.equal(await cache.get('key'), undefined);
    });

    test('has it for a while', async () => {
      const cache = cacheIn(store);
      await cache.set('key', 1, 0.05);
      await sleep(100);

      assert.equal(await cache.get('key'), undefined);
    });

    test('makes once what many ask for, and again what has failed', async () => {
      const cache = cacheIn(store);
      let made = 0;
      const make = (): Promise<number> => {
        made += 1;
        return made === 1 ? Promise.reject(new Error('no')) : Promise.resolve(made);
      };

      await assert.rejects(cache.remember('key', make));
      const values = await Promise.all([1, 2, 3].map(() => cache.remember('key', make)));

      assert.deepEqual(values, [2, 2, 2]);
      assert.equal(await cache.remember('key', make), 2);
    });
  });
}

test('a cache in memory is bounded, and forgets what was not used for longest', async () => {
  const cache = cacheIn(new MemoryStore(2));
  await cache.set('a', 1);
  await cache.set('b', 2);
  await cache.get('a');
  await cache.set('c', 3);

  assert.deepEqual([await cache.get('a'), await cache.get('b'), await cache.get('c')], [1, undefined, 3]);
});

test('a cache that is not reached has nothing', async () => {
  const nowhere = new RedisStore('redis://127.0.0.1:1');
  setLogLevel('off');
  try {
    const cache = cacheIn(nowhere);
    await cache.set('key', 1);
    assert.equal(await cache.get('key'), undefined);
    assert.equal(await cache.remember('key', () => Promise.resolve(2)), 2);
  } finally {
    await nowhere.close();
    setLogLevel('error');
  }
});
