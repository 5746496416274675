import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';

import { Conflict } from '../errors.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';

const ATTEMPTS = 8;

/** Reasons that may be gone a moment later. */
const PASSING = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

/** One write or check of a transaction, and the error that its condition stands for. */
export interface Step {
  readonly write: NonNullable<TransactWriteCommandInput['TransactItems']>[number];
  readonly refusal: () => Error;
}

/**
 * Do all steps or none. When conditions do not hold, throws the refusal of the first such step.
 * Transactions that touch the same items at the same time exclude each other, so a losing one is tried again.
 */
export async function commit(database: Database, steps: readonly Step[]): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const outcome = await tryToCommit(database, steps);
    if (outcome === 'committed') return;
    await backOff(attempt);
  }
  throw new Conflict('Too many requests change the same records at the moment. Try again.');
}

async function tryToCommit(database: Database, steps: readonly Step[]): Promise<'committed' | 'conflict'> {
  try {
    await database.documents.send(new TransactWriteCommand({ TransactItems: steps.map(({ write }) => write) }));
    return 'committed';
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
    const refused = steps.find((_, position) => codes[position] === 'ConditionalCheckFailed');
    if (refused !== undefined) throw refused.refusal();
    if (codes.some((code) => code !== undefined && PASSING.includes(code))) return 'conflict';
    throw codes.includes('ValidationError') ? unstorable(error) : error;
  }
}

/** DynamoDB reports an item that is too large as a cancellation; make it look like that of a single write. */
function unstorable(cause: Error): Error {
  return Object.assign(new Error(cause.message, { cause }), { name: 'ValidationException' });
}
