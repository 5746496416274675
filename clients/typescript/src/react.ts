// Hooks: what a generation, a deployment or a log has come to so far. Each follows while it is mounted.

import { useMemo, useSyncExternalStore } from "react";
import type { Snapinfra } from "./client.js";
import { applyDeployment, type DeploymentState, newDeployment } from "./deployment.js";
import type { DeploymentEvent, LogFilter, LogLine } from "./events.js";
import { applyGeneration, type GenerationState, newGeneration } from "./generation.js";
import { createStore, type Shown, type Store } from "./store.js";

/** Lines of a log that are kept, the newest; `count` says how many there were. */
export interface Log {
  readonly lines: readonly LogLine[];
  readonly count: number;
}

const MOST_LINES = 100_000;

/** Follow a generation. A generation with a base needs the base's files, in a map that stays the same. */
export function useGeneration(snapinfra: Snapinfra, id: string, base?: ReadonlyMap<string, string>): Shown<GenerationState> {
  return useStore(
    useMemo(() => createStore((how) => snapinfra.generation(id, how), applyGeneration, newGeneration(base)), [snapinfra, id, base]),
  );
}

/** Follow a deployment: its status, its steps, and where it answers. */
export function useDeployment(snapinfra: Snapinfra, id: string): Shown<DeploymentState> {
  return useStore(
    useMemo(() => createStore((how) => snapinfra.deployment(id, how), applyDeployment, newDeployment()), [snapinfra, id]),
  );
}

/** Follow a deployment's log. A filter must stay the same object. */
export function useLog(snapinfra: Snapinfra, id: string, filter?: LogFilter): Shown<Log> {
  return useStore(
    useMemo(() => {
      const how = filter === undefined ? {} : { filter };
      return createStore<Log, DeploymentEvent>((more) => snapinfra.deployment(id, { ...more, ...how }), applyLog, NO_LOG);
    }, [snapinfra, id, filter]),
  );
}

const NO_LOG: Log = { lines: [], count: 0 };

function applyLog(log: Log, event: DeploymentEvent): Log {
  if (event.__typename === "StreamGap" && event.toSeq === null) return NO_LOG;
  if (event.__typename !== "LogLines") return log;
  return { lines: [...log.lines, ...event.lines].slice(-MOST_LINES), count: log.count + event.lines.length };
}

function useStore<S>(store: Store<S>): Shown<S> {
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
}
