import assert from 'node:assert/strict';

import type { Answer, Row } from './backend.js';

/** What an answer must show, all of it; only what the server chose is taken from the answer itself. */
export type Expected = (shown: Row) => Row;

/** What a request comes to: a status, or the fields that are refused. */
export type Outcome = number | readonly string[];

export function keysOf(records: readonly Row[], key: string): any[] {
  return records.map((record) => record[key]);
}

/** The answer is this record, with no member more or less, and has a strong tag. */
export function shows(answer: Answer, status: number, expected: Expected): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.deepEqual(answer.body, expected(answer.body));
  assert.match(answer.headers.get('ETag') ?? '', /^"[^"]+"$/);
}

export function comesTo(answer: Answer, outcome: Outcome): void {
  if (typeof outcome !== 'number') faulty(answer, outcome);
  else assert.equal(answer.status, outcome, JSON.stringify(answer.body));
}

export function faulty(answer: Answer, fields: readonly string[]): void {
  assert.equal(answer.status, 400, JSON.stringify({ fields, answer: answer.body }));
  assert.equal(answer.body.error.code, 'VALIDATION_FAILED');
  assert.deepEqual(named(answer), [...fields].sort());
}

export function conflicting(answer: Answer, fields: readonly string[]): void {
  assert.equal(answer.status, 409, JSON.stringify(answer.body));
  assert.deepEqual(named(answer), [...fields].sort());
}

function named(answer: Answer): string[] {
  return answer.body.error.details.map((detail: Row) => detail.field).sort();
}
