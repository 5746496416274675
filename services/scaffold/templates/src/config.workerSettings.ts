  consumers: ['CONSUMERS', text.valid('on', 'off').default('on').messages({ '*': '{#label} must be on or off.' })],
  retrySeconds: ['RETRY_SECONDS', number(0, 900).default(10)],
