  {{variable}}CacheSeconds: ['{{setting}}_CACHE_SECONDS', number(1, 604_800).default(60)],
  {{variable}}CacheEntries: ['{{setting}}_CACHE_ENTRIES', number(1, 1_000_000).default(1_000)],
