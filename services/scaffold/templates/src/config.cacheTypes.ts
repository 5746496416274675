  /** {{purpose}}: the seconds for which something is kept. */
  readonly {{variable}}CacheSeconds: number;
  /** The most entries in the memory of a process. */
  readonly {{variable}}CacheEntries: number;
