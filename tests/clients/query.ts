export const QUERY = `subscription ($id: ID!, $after: String) {
  generationEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq at }
    ... on AttemptStarted { resetsText }
    ... on TokenDelta { text offset }
    ... on FileStarted { path }
    ... on FileDelta { path text }
    ... on FileCompleted { path }
    ... on GenerationFinished { status }
  }
}`;
