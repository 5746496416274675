import type { Config } from '../../config.js';
import { Cache, type CachePart } from '../caches.js';

/** {{purpose}} */
export const {{variable}}Cache: CachePart = {
  name: {{name}},
  settings: ({ {{variable}}CacheSeconds: seconds, {{variable}}CacheEntries: entries }) => ({ seconds, entries }),
};

/** The cache, to be made once: `await cache.remember('key', () => whatTakesLong())`. */
export function {{variable}}CacheOf(config: Config): Cache {
  return Cache.of({{variable}}Cache, config);
}
