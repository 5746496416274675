{{imports}}

/** What becomes of the messages of a queue. */
export interface Handler {
  readonly queue: QueuePart;
  handle(message: Message, database: Database): Promise<void>;
}

/** One for each queue. */
export const handlers: readonly Handler[] = [
{{handlers}}
];
