// The documents that are subscribed to, and the events that come: a part of schema.graphql (tests/clients/test_package.py).

export const GENERATION_EVENTS = `subscription Generation($id: ID!, $after: String) {
  generationEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq at }
    ... on AttemptStarted { attempt provider model resetsText }
    ... on TokenDelta { text offset }
    ... on FileStarted { path }
    ... on FileDelta { path text }
    ... on FileCompleted { path sha256 bytes }
    ... on FileDiscarded { path discardReason }
    ... on FileKept { path sha256 bytes }
    ... on FileRemoved { path }
    ... on CheckFinished { name checkState output }
    ... on AttemptFailed { code message willRetry }
    ... on StreamGap { fromSeq toSeq }
    ... on GenerationFinished { status reason message }
  }
}`;

export const DEPLOYMENT_EVENTS = `subscription Deployment($id: ID!, $after: String, $filter: LogFilter) {
  deploymentEvents(id: $id, after: $after, filter: $filter) {
    __typename
    ... on StreamEvent { cursor seq at }
    ... on DeploymentStatusChanged { status url }
    ... on StepChanged { step state }
    ... on LogLines { lines { id timestamp level stream message } }
    ... on StreamGap { fromSeq toSeq }
    ... on DeploymentFinished { status reason message }
  }
}`;

export interface StreamEvent {
  /** What to resume behind, once you have handled the event. */
  cursor: string;
  seq: number;
  at: string;
}

type Event<Name extends string, Fields = unknown> = StreamEvent & { __typename: Name } & Fields;

/** Events are missing; where `toSeq` is null, the stream begins anew. */
type Gap = Event<"StreamGap", { fromSeq: number; toSeq: number | null }>;
type Whole = { path: string; sha256: string; bytes: number };

export type GenerationEvent =
  | Event<"AttemptStarted", { attempt: number; provider: string; model: string; resetsText: boolean }>
  | Event<"TokenDelta", { text: string; offset: number }>
  | Event<"FileStarted", { path: string }>
  | Event<"FileDelta", { path: string; text: string }>
  | Event<"FileCompleted", Whole>
  | Event<"FileDiscarded", { path: string; discardReason: string }>
  | Event<"FileKept", Whole>
  | Event<"FileRemoved", { path: string }>
  | Event<"CheckFinished", { name: string; checkState: string; output: string }>
  | Event<"UsageUpdated">
  | Event<"AttemptFailed", { code: string; message: string; willRetry: boolean }>
  | Gap
  | Event<"GenerationFinished", { status: string; reason: string | null; message: string | null }>;

export interface LogLine {
  id: string;
  timestamp: string;
  level: string;
  stream: string;
  message: string;
}

export interface LogFilter {
  streams?: string[];
  levels?: string[];
  contains?: string;
  query?: string;
  since?: string;
  until?: string;
}

export type DeploymentEvent =
  | Event<"DeploymentStatusChanged", { status: string; url: string | null }>
  | Event<"StepChanged", { step: string; state: string }>
  | Event<"LogLines", { lines: LogLine[] }>
  | Gap
  | Event<"DeploymentFinished", { status: string; reason: string | null; message: string | null }>;
