  /** Whether GraphQL tells what its schema is, as tools for developers ask it to. */
  readonly introspection: 'on' | 'off';
