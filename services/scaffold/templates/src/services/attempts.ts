import { createHash } from 'node:crypto';

import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

import { TooManyAttempts } from '../errors.js';
import { caseless } from './caseless.js';
import type { Database } from './database.js';

const WINDOW_SECONDS = 15 * 60;

/** Counts what is tried again and again, such as passwords, over all processes. */
export class Attempts {
  constructor(private readonly database: Database) {}

  /** Count an attempt at something by somebody. Throws TooManyAttempts when there were `most` within a quarter of an hour. */
  async count(what: string, who: readonly string[], most: number): Promise<void> {
    const { Attributes } = await this.database.documents.send(
      new UpdateCommand({
        TableName: this.database.systemTable,
        Key: { key: keyOf(what, who) },
        UpdateExpression: 'ADD #count :one SET #expires = :expires',
        ExpressionAttributeNames: { '#count': 'count', '#expires': 'expiresAt' },
        ExpressionAttributeValues: { ':one': 1, ':expires': endOfWindow() },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    if (Number(Attributes?.count) > most) throw new TooManyAttempts(endOfWindow() - Math.floor(Date.now() / 1000));
  }

  /** What was right at last counts no more. */
  async forget(what: string, who: readonly string[]): Promise<void> {
    const { documents, systemTable } = this.database;
    await documents.send(new DeleteCommand({ TableName: systemTable, Key: { key: keyOf(what, who) } }));
  }
}

function keyOf(what: string, who: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(who.map(caseless))).digest('base64url');
  return `attempts ${what} ${digest} ${endOfWindow()}`;
}

/** In seconds since 1970. */
function endOfWindow(): number {
  return (Math.floor(Date.now() / 1000 / WINDOW_SECONDS) + 1) * WINDOW_SECONDS;
}
