  /** Whether the server takes the messages of queues to their handlers, and runs functions by the clock, too. */
  readonly consumers: 'on' | 'off';
  /** Seconds after which a message that could not be handled comes again; four times as many the next time. */
  readonly retrySeconds: number;
