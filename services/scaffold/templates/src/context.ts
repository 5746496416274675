import { AsyncLocalStorage } from 'node:async_hooks';

/** What every part of the backend can know of the request that it works for. */
export interface Context {
  readonly requestId: string;
  /** Of the trace that the request belongs to, where its sender names one (W3C Trace Context). */
  readonly traceId: string | undefined;
  /** Aborts when the request's time is up. */
  readonly signal: AbortSignal;
}

const contexts = new AsyncLocalStorage<Context>();

export function runWithin<Result>(context: Context, work: () => Result): Result {
  return contexts.run(context, work);
}

/** Undefined outside of requests. */
export function currentContext(): Context | undefined {
  return contexts.getStore();
}

/** Work that goes on when the request that began it has ended. */
export function runOutside<Result>(work: () => Result): Result {
  return contexts.exit(work);
}
