  redisUrl: ['REDIS_URL', uri('redis', 'rediss').messages({ '*': '{#label} must be as redis://user:password@host:6379.' })],
