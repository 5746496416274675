import { HttpError, Unauthenticated } from '../errors.js';
import { accounts } from '../models/identity.js';
import { tables } from '../models/index.js';
import type { Input, Key, Table } from '../types/index.js';
import type { Attempts } from './attempts.js';
import type { Database } from './database.js';
import { readRecord } from './reading.js';
import { Repository } from './repository.js';
import { hashOf } from './secrets.js';
import { Sessions, type Session } from './sessions.js';
import { holder } from './uniqueness.js';

/** The table whose records are the users. */
export const accountsTable: Table = tables[accounts.table]!;

const isNumbered = ['INTEGER', 'FLOAT'].includes(accountsTable.fields[accountsTable.primaryKey]!);

/** The primary key of the user whom a token names. */
export function keyOfAccount(subject: string): Key {
  return isNumbered ? Number(subject) : subject;
}

/** Whether the account is one that nobody can use for the time being. */
function isDisabled(record: Input): boolean {
  return accounts.disabled !== undefined && record[accounts.disabled.field] === accounts.disabled.equals;
}

/** Whether a session is of this account, which is there, the same as then, and can be used. */
export function isOpenTo(session: Session, record: Input | undefined): record is Input {
  return record !== undefined && session.account === record[accountsTable.timestamps.created] && !isDisabled(record);
}

/** Users who sign up and sign in here. */
export class Accounts {
  private readonly records: Repository<Input>;
  private readonly sessions: Sessions;

  constructor(
    private readonly database: Database,
    private readonly attempts: Attempts,
  ) {
    this.records = new Repository(database, accountsTable);
    this.sessions = new Sessions(database);
  }

  /** The fields are valid. Throws Conflict where the login is taken. */
  async signUp(fields: Input, address: string): Promise<Input> {
    await this.attempts.count('sign-up', [address], 50);
    return this.records.create(fields);
  }

  /** Throws Unauthenticated, the same and as late whether the account or the password is unknown; TooManyAttempts. */
  async signIn(login: string, password: string, address: string): Promise<Input> {
    // What is refused here is counted no further: from one address nobody can use up what others may try of a login.
    await this.attempts.count('sign-in', [login, address], 10);
    const byAddress = await this.attempts.count('sign-in', [address], 100);
    const byLogin = await this.attempts.count('sign-in', [login], 100);
    const record = await this.find(login);
    const isRight = await this.database.passwords.isRight(password, record && hashOf(record, accounts.password));
    if (!isRight || record === undefined || isDisabled(record)) throw new Unauthenticated('The login or the password is wrong.');
    // Of what others tried from the address, or of the login from elsewhere, nothing is forgotten.
    await Promise.all([byAddress(), byLogin(), this.attempts.forget('sign-in', [login, address])]);
    return record;
  }

  /** Throws WRONG_PASSWORD where the current one is another. Every other session ends. */
  async changePassword(user: Key, current: string, password: string, session: string): Promise<void> {
    await this.requirePassword(user, current);
    await this.setPassword(user, password);
    await this.sessions.endAll(user, session);
  }

  /**
   * Change what the user is known by and reached at, which is as good as the password to whoever has it. Throws as
   * `changePassword`; Conflict where it is taken. Every other session ends.
   */
  async changeIdentifiers(user: Key, current: string, changes: Input, session: string): Promise<Input> {
    await this.requirePassword(user, current);
    const record = await this.records.update(user, () => Promise.resolve(changes));
    await this.sessions.endAll(user, session);
    return record;
  }

  async setPassword(user: Key, password: string): Promise<void> {
    await this.records.update(user, () => Promise.resolve({ [accounts.password]: password }));
  }

  async get(user: Key): Promise<Input | undefined> {
    return readRecord(this.database, accountsTable, user);
  }

  private async requirePassword(user: Key, current: string): Promise<void> {
    await this.attempts.count('password', [String(user)], 10);
    const record = await this.records.find(user);
    const isRight = await this.database.passwords.isRight(current, hashOf(record, accounts.password));
    if (!isRight) throw new HttpError(403, 'WRONG_PASSWORD', 'The current password is wrong.');
    await this.attempts.forget('password', [String(user)]);
  }

  /** The account with this login. */
  async find(login: string): Promise<Input | undefined> {
    const key = await holder(this.database, accountsTable, { [accounts.login]: login });
    return key === undefined ? undefined : readRecord(this.database, accountsTable, key);
  }
}
