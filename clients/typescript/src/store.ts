// What a stream has come to so far, for a view to show: it follows while anybody listens, and goes on where it stopped.

import type { StreamEvent } from "./events.js";
import type { Follow } from "./following.js";

/** Milliseconds between two tellings: events in between are told together. */
const PAUSE = 16;

export interface Shown<S> {
  readonly state: S;
  /** Why it can't be followed. */
  readonly error: Error | null;
  /** Whether the stream has ended. */
  readonly isOver: boolean;
}

export interface Store<S> {
  /** Follow, and be told of changes, until the function that comes back is called. */
  subscribe(listener: () => void): () => void;
  /** Return what there is now: the same object as long as nothing has been told. */
  snapshot(): Shown<S>;
}

/** Make a store of a stream; `apply` returns the state after an event. */
export function createStore<S, E extends StreamEvent>(
  follow: (how: Follow) => AsyncIterable<E>,
  apply: (state: S, event: E) => S,
  first: S,
): Store<S> {
  const listeners = new Set<() => void>();
  let state = first;
  let after: string | undefined;
  let shown: Shown<S> = { state, error: null, isOver: false };
  let following: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = (change: Partial<Shown<S>> = {}) => {
    clearTimeout(timer);
    timer = undefined;
    shown = { ...shown, state, ...change };
    for (const listener of [...listeners]) listener();
  };

  const run = async (signal: AbortSignal) => {
    try {
      for await (const event of follow(after === undefined ? { signal } : { after, signal })) {
        if (signal.aborted) return;
        state = apply(state, event);
        after = event.cursor;
        timer ??= setTimeout(() => tell(), PAUSE);
      }
      if (!signal.aborted) tell({ isOver: true });
    } catch (error) {
      if (!signal.aborted) tell({ error: error as Error, isOver: true });
    }
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (following === undefined && !shown.isOver) {
        following = new AbortController();
        void run(following.signal);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        following?.abort();
        following = undefined;
      };
    },
    snapshot: () => shown,
  };
}
