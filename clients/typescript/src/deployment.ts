// What the events of a deployment come to. Its log is not kept here: there may be a great deal of it.

import type { DeploymentEvent } from "./events.js";

export interface DeploymentState {
  readonly status: string | null;
  /** Where the backend answers, once it does. */
  readonly url: string | null;
  /** How far its steps are, by their names, in the order in which they began. */
  readonly steps: ReadonlyMap<string, string>;
  readonly reason: string | null;
  readonly message: string | null;
  /** Whether nothing of it runs any more. */
  readonly isOver: boolean;
}

export function newDeployment(): DeploymentState {
  return { status: null, url: null, steps: new Map(), reason: null, message: null, isOver: false };
}

/** Return the state after an event; the one before stays as it is. */
export function applyDeployment(state: DeploymentState, event: DeploymentEvent): DeploymentState {
  switch (event.__typename) {
    case "DeploymentStatusChanged":
      return { ...state, status: event.status, url: event.url };
    case "StepChanged":
      return { ...state, steps: new Map(state.steps).set(event.step, event.state) };
    case "StreamGap":
      return event.toSeq === null ? newDeployment() : state;
    case "DeploymentFinished":
      return { ...state, status: event.status, reason: event.reason, message: event.message, isOver: true };
    default:
      return state; // lines of its log, or an event that is newer than this client
  }
}
