  introspection: [
    'GRAPHQL_INTROSPECTION',
    text
      .valid('on', 'off')
      .default(({ NODE_ENV }: NodeJS.ProcessEnv) => (NODE_ENV === 'production' ? 'off' : 'on'))
      .messages({ '*': '{#label} must be on or off.' }),
  ],
