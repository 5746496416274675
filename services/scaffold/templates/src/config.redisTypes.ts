  /** Where caches are; undefined means that each process has its own. */
  readonly redisUrl: string | undefined;
