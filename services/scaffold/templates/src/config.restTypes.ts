  /** Whether records are served by REST as well. */
  readonly restApi: 'on' | 'off';
