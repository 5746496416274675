  /** {{purpose}}: what all its paths begin with; undefined means that it is not called. */
  readonly {{variable}}BaseUrl: string | undefined;
  readonly {{variable}}ApiToken: string | undefined;
  /** Milliseconds in which it must answer. */
  readonly {{variable}}ApiTimeout: number;
