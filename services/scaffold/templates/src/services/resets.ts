import { createHash, randomBytes } from 'node:crypto';

import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

import { HttpError } from '../errors.js';
import { log } from '../logger.js';
import { accounts } from '../models/identity.js';
import type { Input, Key } from '../types/index.js';
import { accountsTable, type Accounts } from './accounts.js';
import type { Attempts } from './attempts.js';
import type { Database } from './database.js';
import type { Mailer } from './mailer.js';
import { hashOf } from './secrets.js';
import { Sessions } from './sessions.js';

const LIFETIME_SECONDS = 3_600;

/** Lets users who have forgotten their passwords set new ones, by a token that is mailed to them and good once. */
export class Resets {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly attempts: Attempts,
    private readonly mailer: Mailer,
  ) {}

  /** Does the same, as far as anybody can tell, whether or not there is such an account. Throws TooManyAttempts. */
  async request(login: string, address: string): Promise<void> {
    this.mailer.requireReady();
    await this.attempts.count('reset', [address], 50);
    await this.attempts.count('reset', [login], 5);
    const token = randomBytes(32).toString('base64url');
    const record = await this.accounts.find(login);
    await this.keep(token, record);
    // Not waited for: how long it takes would tell that there was something to send.
    // To the account's own address, whatever was typed.
    const to = accounts.address && record?.[accounts.address];
    if (typeof to === 'string') void this.mail(to, token);
  }

  /** Throws INVALID_TOKEN for one that is unknown, used or too old. All sessions of the user end. */
  async confirm(token: string, password: string): Promise<void> {
    const { user, before } = await this.take(token);
    const record = user === undefined ? undefined : await this.accounts.get(user);
    if (user === undefined || record === undefined || markOf(record) !== before) throw invalidToken();
    await this.accounts.setPassword(user, password);
    await new Sessions(this.database).endAll(user);
  }

  /** What is kept of a token for nobody is as much as of any other. */
  private async keep(token: string, record: Input | undefined): Promise<void> {
    await this.database.documents.send(
      new PutCommand({
        TableName: this.database.systemTable,
        Item: {
          key: keyOf(token),
          user: record?.[accountsTable.primaryKey],
          before: record && markOf(record),
          expiresAt: Math.floor(Date.now() / 1000) + LIFETIME_SECONDS,
        },
      }),
    );
  }

  /** A token can be taken once. */
  private async take(token: string): Promise<{ user?: Key; before?: string }> {
    const { documents, systemTable } = this.database;
    const { Attributes } = await documents.send(
      new DeleteCommand({ TableName: systemTable, Key: { key: keyOf(token) }, ReturnValues: 'ALL_OLD' }),
    );
    if (Attributes === undefined || Number(Attributes.expiresAt) <= Date.now() / 1000) throw invalidToken();
    return Attributes;
  }

  private async mail(to: string, token: string): Promise<void> {
    try {
      await this.mailer.sendReset(to, token);
    } catch (error) {
      log('error', 'a mail could not be sent', { error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** Changes with the password, and with who is written to: what was set meanwhile makes older tokens worthless. */
function markOf(record: Input): string {
  const values = [hashOf(record, accounts.password), ...accounts.identifiers.map((field) => record[field])];
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
}

function keyOf(token: string): string {
  return `reset ${createHash('sha256').update(token).digest('base64url')}`;
}

function invalidToken(): HttpError {
  return new HttpError(400, 'INVALID_TOKEN', 'The token is not valid, or no longer. Ask for another.');
}
