import { createHash } from 'node:crypto';

import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

import { TooManyAttempts } from '../errors.js';
import { caseless } from './caseless.js';
import type { Database } from './database.js';

const WINDOW_SECONDS = 15 * 60;

/** Counts what is tried again and again, such as passwords, over all processes. */
export class Attempts {
  constructor(private readonly database: Database) {}

  /**
   * Count an attempt at something by somebody, and return what takes back this one and no other. Throws TooManyAttempts when
   * there were `most` within a quarter of an hour.
   */
  async count(what: string, who: readonly string[], most: number): Promise<() => Promise<void>> {
    const [key, end] = [keyOf(what, who), endOfWindow()];
    const count = await this.add(1, key, end);
    if (count > most) throw new TooManyAttempts(end - Math.floor(Date.now() / 1000));
    return async () => {
      await this.add(-1, key, end);
    };
  }

  /** What was right at last counts no more. */
  async forget(what: string, who: readonly string[]): Promise<void> {
    const { documents, systemTable } = this.database;
    await documents.send(new DeleteCommand({ TableName: systemTable, Key: { key: keyOf(what, who) } }));
  }

  private async add(number: 1 | -1, key: string, end: number): Promise<number> {
    const { Attributes } = await this.database.documents.send(
      new UpdateCommand({
        TableName: this.database.systemTable,
        Key: { key },
        UpdateExpression: 'ADD #count :number SET #expires = :expires',
        ExpressionAttributeNames: { '#count': 'count', '#expires': 'expiresAt' },
        ExpressionAttributeValues: { ':number': number, ':expires': end },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return Number(Attributes?.count);
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
