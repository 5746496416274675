/** What keeps two migrations of one database apart. */
import { randomUUID } from 'node:crypto';

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

import type { Database } from '../services/database.js';

const KEY = 'migration';
const LEASE_MS = 60_000;
const RENEW_MS = 10_000;

export class Locked extends Error {}

/** Do the work while nobody else does. Throws Locked. The work calls `renew` often; it throws Locked when it is too late. */
export async function whileLocked<Result>(
  database: Database,
  work: (renew: () => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const owner = randomUUID();
  let last = Date.now();
  await take(database, owner);
  const renew = async (): Promise<void> => {
    if (Date.now() - last < RENEW_MS) return;
    await take(database, owner);
    last = Date.now();
  };
  try {
    return await work(renew);
  } finally {
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
    if (error instanceof ConditionalCheckFailedException) throw new Locked('Another migration is under way.');
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
