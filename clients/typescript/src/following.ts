// Following a stream: every event once and in order, whatever becomes of connections, and no more than are taken.

import type { Client } from "graphql-ws";
import type { StreamEvent } from "./events.js";

/** Events that wait for their reader; then the subscription ends, and begins again behind them once they are taken. */
const MOST_WAITING = 1_000;

export interface Follow {
  /** The cursor of the last event that you handled. */
  after?: string;
  /** Ends the following, without an error. */
  signal?: AbortSignal;
}

/** Why something can't be followed: `code` is that of the error (docs/reference/errors.md), or a socket's close code. */
export class SnapinfraError extends Error {
  readonly code: string | number | undefined;

  constructor(message: string, code: string | number | undefined, cause?: unknown) {
    super(message, { cause });
    this.name = "SnapinfraError";
    this.code = code;
  }
}

/** Yield the events of a stream to its end. Throws SnapinfraError where the server refuses. */
export async function* follow<E extends StreamEvent>(
  client: Client,
  query: string,
  given: Record<string, unknown>,
  { after, signal }: Follow,
): AsyncGenerator<E, void, void> {
  const stream = new Stream<E>(client, query, { ...given, after: after ?? null });
  const stop = () => stream.stop();
  signal?.addEventListener("abort", stop);
  try {
    if (!signal?.aborted) yield* stream.events();
  } finally {
    signal?.removeEventListener("abort", stop);
    stream.stop();
  }
}

class Stream<E extends StreamEvent> {
  private waiting: E[] = [];
  private isOver = false;
  private failure: SnapinfraError | undefined;
  private unsubscribe: (() => void) | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly client: Client,
    private readonly query: string,
    private readonly variables: Record<string, unknown>,
  ) {}

  async *events(): AsyncGenerator<E, void, void> {
    while (true) {
      const event = this.waiting.shift();
      if (event !== undefined) yield event;
      else if (this.failure !== undefined) throw this.failure;
      else if (this.isOver) return;
      else await this.more();
    }
  }

  /** End it, also for what waits. */
  stop(): void {
    this.waiting = [];
    this.end();
  }

  private end(): void {
    this.isOver = true;
    this.pause();
    this.wake?.();
  }

  private more(): Promise<void> {
    if (this.unsubscribe === undefined) this.subscribe();
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** Subscribe behind the last event that came. A reconnect sends the same variables, as they are by then. */
  private subscribe(): void {
    let isPaused = false;
    const cancel = this.client.subscribe<Record<string, E>>(
      { query: this.query, variables: this.variables },
      {
        next: ({ data, errors }) => {
          if (isPaused) return;
          if (errors?.length) this.fail(errors);
          for (const event of Object.values(data ?? {})) if (event) this.take(event);
        },
        error: (wrong) => isPaused || this.fail(wrong),
        complete: () => isPaused || this.end(),
      },
    );
    this.unsubscribe = () => {
      isPaused = true;
      cancel();
    };
  }

  private take(event: E): void {
    this.variables["after"] = event.cursor;
    this.waiting.push(event);
    if (this.waiting.length >= MOST_WAITING) this.pause();
    this.wake?.();
  }

  private pause(): void {
    const unsubscribe = this.unsubscribe;
    this.unsubscribe = undefined;
    unsubscribe?.();
  }

  private fail(wrong: unknown): void {
    this.failure = wrong instanceof SnapinfraError ? wrong : described(wrong);
    this.end();
  }
}

function described(wrong: unknown): SnapinfraError {
  const first = (Array.isArray(wrong) ? wrong[0] : wrong) as Record<string, any> | null | undefined;
  const message = first?.["message"] || first?.["reason"] || "The connection was closed";
  return new SnapinfraError(message, first?.["extensions"]?.code ?? first?.["code"]);
}
