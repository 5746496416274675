  introspection: [
    'GRAPHQL_INTROSPECTION',
    text
      .valid('on', 'off')
      .default(({ NODE_ENV }: NodeJS.ProcessEnv) => (isInProduction(NODE_ENV) ? 'off' : 'on'))
      .messages({ '*': '{#label} must be on or off.' }),
  ],
