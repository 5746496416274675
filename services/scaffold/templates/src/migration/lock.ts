/** What keeps two migrations of one database apart. */
import { randomUUID } from 'node:crypto';

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from '../services/database.js';

const KEY = 'migration';
/** For so long after it was killed, a migration keeps others out. */
const LEASE_MS = 15_000;
const RENEW_MS = 3_000;

export class Locked extends Error {}

/** Do the work while nobody else does. Throws Locked. The work asks `isOurs` often, which throws Locked when it is too late. */
export async function whileLocked<Result>(database: Database, work: (isOurs: () => void) => Promise<Result>): Promise<Result> {
  const owner = randomUUID();
  let loss: unknown;
  let until = Date.now() + LEASE_MS;
  await take(database, owner);
  const renewal = setInterval(() => {
    const next = Date.now() + LEASE_MS;
    take(database, owner).then(
      () => (until = next),
      (error: unknown) => (loss = error instanceof Locked ? error : undefined),
    );
  }, RENEW_MS);
  try {
    return await work(() => {
      if (loss !== undefined || Date.now() > until) throw new Locked('Another migration may have begun meanwhile. Run it again.');
    });
  } finally {
    clearInterval(renewal);
    await release(database, owner);
  }
}

async function take(database: Database, owner: string): Promise<void> {
  try {
    await database.documents.send(
      new PutCommand({
        TableName: database.systemTable,
        Item: { key: KEY, owner, until: Date.now() + LEASE_MS },
        ConditionExpression: 'attribute_not_exists(#key) OR #owner = :owner OR #until < :now',
        ExpressionAttributeNames: { '#key': 'key', '#owner': 'owner', '#until': 'until' },
        ExpressionAttributeValues: { ':owner': owner, ':now': Date.now() },
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw new Locked('Another migration is under way, or was killed a moment ago. Try again.');
    throw error;
  }
}

async function release(database: Database, owner: string): Promise<void> {
  try {
    await database.documents.send(
      new DeleteCommand({
        TableName: database.systemTable,
        Key: { key: KEY },
        ConditionExpression: '#owner = :owner',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':owner': owner },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
