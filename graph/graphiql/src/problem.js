// This file is an error as the response pane shows it: its sentence, without a stack trace.

export class Problem extends Error {
  stack = undefined;
}
