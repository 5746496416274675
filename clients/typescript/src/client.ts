// A connection to Snapinfra: one WebSocket for all that is followed, which comes again by itself.

import { type Client, createClient } from "graphql-ws";
import { DEPLOYMENT_EVENTS, type DeploymentEvent, GENERATION_EVENTS, type GenerationEvent, type LogFilter } from "./events.js";
import { type Follow, follow, SnapinfraError } from "./following.js";

/** Milliseconds before the first attempt to connect again, and at most before any. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 15_000;

/** How often in a row credentials may be refused before that is an error: each time, `token` is asked for another. */
const MOST_REFUSALS = 3;
const FORBIDDEN = 4403;

/** How often in a row `token` may fail before that is an error. */
const MOST_FAILURES = 5;

export interface Options {
  /** The endpoint, such as `wss://api.example.com/graphql`. */
  url: string;
  /** The token, or what returns one: it is asked before every connection, so that a token that has ended is replaced. */
  token: string | (() => string | Promise<string>);
  /** A WebSocket where there is no global one (Node before 22: the package `ws`). */
  webSocketImpl?: unknown;
}

export interface Snapinfra {
  /** Follow a generation from its beginning, or behind the cursor `after`, to its end. */
  generation(id: string, how?: Follow): AsyncGenerator<GenerationEvent, void, void>;
  /** Follow a deployment for as long as anything of it runs; `filter` is for lines of its log. */
  deployment(id: string, how?: Follow & { filter?: LogFilter }): AsyncGenerator<DeploymentEvent, void, void>;
  /** End the connection and everything that follows something over it. */
  dispose(): void;
}

/** Connect when something is followed; until then nothing is sent. */
export function createSnapinfra(options: Options): Snapinfra {
  const client = connection(options);
  return {
    generation: (id, how = {}) => follow<GenerationEvent>(client, GENERATION_EVENTS, { id }, how),
    deployment: (id, { filter, ...how } = {}) =>
      follow<DeploymentEvent>(client, DEPLOYMENT_EVENTS, { id, filter: filter ?? null }, how),
    dispose: () => void client.dispose(),
  };
}

function connection({ url, token, webSocketImpl }: Options): Client {
  let refusals = 0; // counted by connections: each may have many streams, and `shouldRetry` is asked for all of them
  let failures = 0;
  const client = createClient({
    url,
    webSocketImpl,
    connectionParams: async () => {
      try {
        return { Authorization: `Bearer ${typeof token === "string" ? token : await token()}` };
      } catch (error) {
        if (++failures >= MOST_FAILURES) throw new SnapinfraError("There is no token: asking for one failed", "NO_TOKEN", error);
        client.terminate();
        return {}; // which is not sent
      }
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, wait(retries))),
    shouldRetry: (why) => !(why instanceof SnapinfraError) && (code(why) !== FORBIDDEN || refusals < MOST_REFUSALS),
    on: {
      closed: (event) => void (refusals += code(event) === FORBIDDEN ? 1 : 0),
      connected: () => void (refusals = failures = 0),
    },
  });
  return client;
}

/** Wait longer each time, and at random: so that all clients of a server do not come back at once. */
function wait(retries: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** retries) * (0.5 + Math.random() / 2);
}

function code(closed: unknown): number | undefined {
  return (closed as { code?: number } | null)?.code;
}
