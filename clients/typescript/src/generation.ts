// What the events of a generation come to.

import type { GenerationEvent } from "./events.js";

export interface GenerationState {
  readonly text: string;
  /** Whole files by their paths: at the end, those of `generation { files }`. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that are being written. */
  readonly writing: ReadonlyMap<string, string>;
  /** How checks ended, by their names. */
  readonly checks: ReadonlyMap<string, { state: string; output: string }>;
  readonly attempt: { number: number; provider: string; model: string } | null;
  /** Why the last attempt failed, until another begins. */
  readonly failure: string | null;
  /** False where events are lost: then read the whole result when the generation has finished. */
  readonly isWhole: boolean;
  /** COMPLETED, INCOMPLETE, FAILED or CANCELED; null while it goes on. */
  readonly status: string | null;
  readonly reason: string | null;
  readonly message: string | null;
  /** Files of the base, from which unchanged ones are kept. */
  readonly base: ReadonlyMap<string, string>;
}

/** Return the state before any event; a generation with a base needs the base's files. */
export function newGeneration(base: ReadonlyMap<string, string> = new Map()): GenerationState {
  const nothing = { files: new Map(), writing: new Map(), checks: new Map(), attempt: null, failure: null };
  return { text: "", ...nothing, isWhole: true, status: null, reason: null, message: null, base };
}

/** Return the state after an event; the one before stays as it is. */
export function applyGeneration(state: GenerationState, event: GenerationEvent): GenerationState {
  switch (event.__typename) {
    case "AttemptStarted": {
      const { attempt: number, provider, model } = event;
      const from = event.resetsText ? { ...newGeneration(state.base), checks: state.checks } : state;
      return { ...from, attempt: { number, provider, model }, failure: null, writing: new Map() };
    }
    case "TokenDelta":
      return { ...state, text: state.text + event.text };
    case "FileStarted":
      return { ...state, writing: put(state.writing, event.path, "") };
    case "FileDelta":
      return { ...state, writing: put(state.writing, event.path, (state.writing.get(event.path) ?? "") + event.text) };
    case "FileCompleted": {
      const files = put(state.files, event.path, state.writing.get(event.path) ?? "");
      return { ...state, files, writing: without(state.writing, event.path) };
    }
    case "FileDiscarded":
      return { ...state, writing: without(state.writing, event.path) };
    case "FileKept": {
      const content = state.base.get(event.path);
      if (content === undefined) return { ...state, isWhole: false };
      return { ...state, files: put(state.files, event.path, content) };
    }
    case "FileRemoved":
      return { ...state, files: without(state.files, event.path) };
    case "CheckFinished":
      return { ...state, checks: put(state.checks, event.name, { state: event.checkState, output: event.output }) };
    case "AttemptFailed":
      return { ...state, failure: event.message };
    case "StreamGap":
      return event.toSeq === null ? newGeneration(state.base) : { ...state, isWhole: false };
    case "GenerationFinished":
      return { ...state, status: event.status, reason: event.reason, message: event.message };
    default:
      return state; // an event that is newer than this client
  }
}

function put<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
