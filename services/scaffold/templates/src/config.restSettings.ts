  restApi: ['REST_API', text.valid('on', 'off').default('off').messages({ '*': '{#label} must be on or off.' })],
