// This file is how a subscription is followed: over lost connections, and shown with the newest events first.

import { createClient } from "graphql-ws";
import { Problem } from "./problem.js";

const SHOWN = 50; // events in the response pane, which is drawn anew each time
const PAUSE = 100; // milliseconds between two drawings
const RETRIES = 5;
const LOST = new Set([1001, 1005, 1006, 1012, 1013, 4408]); // close codes after which going on makes sense
const CHANGED = 4403; // likewise, but not as the answer to signing in

/** Follow a subscription. The values are what the response pane shows; ending the iteration ends the subscription. */
export function watch(request, headers) {
  const stop = new AbortController();
  const drawing = draw(resuming(request, headers, stop.signal), stop.signal);
  const iterator = {
    next: () => drawing.next(),
    return: async () => {
      stop.abort();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** Yield results; after a lost connection go on behind the last cursor. */
async function* resuming(request, headers, signal) {
  let { variables } = request;
  for (let failures = 0; !signal.aborted; failures++) {
    if (failures > RETRIES) throw new Problem("The connection was lost, and could not be made again.");
    await until(failures && 250 * 2 ** failures, signal);
    let greeted = false;
    const client = connect(headers, signal, () => (greeted = true));
    try {
      for await (const result of client.iterate({ ...request, variables })) {
        failures = 0;
        variables = after(result, variables);
        yield result;
      }
      return;
    } catch (error) {
      if (!isLost(error) && !(greeted && error?.code === CHANGED)) throw readable(error);
    } finally {
      client.dispose();
    }
  }
}

function connect(headers, signal, connected) {
  const url = new URL("/graphql", location.href.replace(/^http/, "ws")).href;
  const client = createClient({ url, connectionParams: headers, retryAttempts: 0, on: { connected } });
  signal.addEventListener("abort", () => client.dispose(), { once: true });
  return client;
}

function after(result, variables) {
  const cursor = Object.values(result.data ?? {})[0]?.cursor;
  return cursor && variables && "after" in variables ? { ...variables, after: cursor } : variables;
}

/** Tell whether an error is a connection that was lost, or one that could not be made: that is a bare error event. */
function isLost(error) {
  return LOST.has(error?.code) || (error instanceof Event && error.type === "error");
}

function readable(error) {
  const closed = error instanceof CloseEvent;
  return closed ? new Problem(`The server closed the connection: ${error.code} ${error.reason}`) : error;
}

/** Yield the newest results together, no more often than a person can see, until they end or nobody watches. */
async function* draw(results, signal) {
  const seen = { received: 0, events: [] };
  let ended = false;
  let failure = null;
  const collecting = collect(results, seen)
    .catch((error) => (failure = error))
    .finally(() => (ended = true));
  for (let drawn = 0; !signal.aborted && !(ended && drawn === seen.received); ) {
    if (drawn < seen.received) {
      drawn = seen.received;
      yield { ...seen };
    }
    await Promise.race([collecting, until(PAUSE, signal)]);
  }
  if (failure && !signal.aborted) throw failure;
}

async function collect(results, seen) {
  for await (const result of results) {
    seen.received += 1;
    seen.events = [result.errors ? result : result.data, ...seen.events].slice(0, SHOWN);
  }
}

/** Wait for a number of milliseconds, or less where the signal comes first. */
function until(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", resolve, { once: true });
  });
}
