import { Forbidden, NotFound, Unauthenticated, ValidationFailed } from '../errors.js';
import { validateInput } from '../middleware/validator.js';
import { accounts } from '../models/identity.js';
import type { Caller, Input, Key } from '../types/index.js';
import * as bodies from '../validation/authBodies.js';
import type { Access } from './access.js';
import { Accounts, accountsTable, isOpenTo, keyOfAccount } from './accounts.js';
import { Attempts } from './attempts.js';
import type { Services } from './index.js';
import { Issuer } from './issuer.js';
import { Mailer } from './mailer.js';
import { Resets } from './resets.js';
import { Sessions, type Session, type Started } from './sessions.js';

export interface Tokens {
  readonly accessToken: string;
  /** In seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
}

export interface Welcome extends Tokens {
  readonly user: Input;
}

/** Where a request comes from. */
export interface Sender {
  readonly address: string;
  readonly agent: string;
}

/** How people get an account, sign in and out, and change their password. A body is what a request has of it, of any kind. */
export class Authentication {
  private readonly issuer: Issuer;
  private readonly users: Accounts;
  private readonly sessions: Sessions;
  private readonly resets: Resets;

  constructor({ database, config }: Services) {
    const attempts = new Attempts(database);
    this.issuer = new Issuer(config);
    this.users = new Accounts(database, attempts);
    this.sessions = new Sessions(database);
    this.resets = new Resets(database, this.users, attempts, new Mailer(config));
  }

  async signUp(access: Access, body: unknown, sender: Sender): Promise<Welcome> {
    if (!accounts.signUp) throw new Forbidden('Accounts are made by those who run this server.');
    const fields = validateInput(bodies.signUp, body, anybody);
    const details = await access.missingReferences(accountsTable, {}, fields);
    if (details.length > 0) throw new ValidationFailed(details);
    return this.begin(await this.users.signUp(fields, sender.address), sender);
  }

  async signIn(body: unknown, sender: Sender): Promise<Welcome> {
    const { [accounts.login]: login, password } = textsOf(validateInput(bodies.signIn, body, anybody));
    return this.begin(await this.users.signIn(login!, password!, sender.address), sender);
  }

  async refresh(body: unknown): Promise<Tokens> {
    const { refreshToken } = textsOf(validateInput(bodies.refresh, body, anybody));
    const isOpen = async (session: Session, user: Key) => isOpenTo(session, await this.users.get(user));
    return this.tokens(await this.sessions.refresh(refreshToken!, isOpen));
  }

  async signOut(caller: Caller | undefined): Promise<void> {
    await this.sessions.end(...sessionOf(caller));
  }

  async signOutEverywhere(caller: Caller | undefined): Promise<void> {
    await this.sessions.endAll(sessionOf(caller)[0]);
  }

  /** The caller's sessions, each with whether it is the one that this request belongs to. */
  async listSessions(caller: Caller | undefined): Promise<(Session & { readonly isCurrent: boolean })[]> {
    const [user, current] = sessionOf(caller);
    return (await this.sessions.list(user)).map((session) => ({ ...session, isCurrent: session.id === current }));
  }

  async endSession(caller: Caller | undefined, id: string): Promise<void> {
    await this.sessions.end(sessionOf(caller)[0], id);
  }

  async currentUser(caller: Caller | undefined): Promise<Input> {
    const user = await this.users.get(sessionOf(caller)[0]);
    if (user === undefined) throw new NotFound('The account is no more.');
    return user;
  }

  /** Change what the caller is known by and reached at. */
  async changeIdentifiers(caller: Caller | undefined, body: unknown): Promise<Input> {
    const { current, ...changes } = validateInput(bodies.identifierChange, body, anybody);
    const [user, session] = sessionOf(caller);
    return this.users.changeIdentifiers(user, String(current), changes, session);
  }

  async changePassword(caller: Caller | undefined, body: unknown): Promise<void> {
    const { current, password } = textsOf(validateInput(bodies.passwordChange, body, anybody));
    const [user, session] = sessionOf(caller);
    await this.users.changePassword(user, current!, password!, session);
  }

  async requestReset(body: unknown, { address }: Sender): Promise<void> {
    const { [accounts.login]: login } = textsOf(validateInput(bodies.resetRequest, body, anybody));
    await this.resets.request(login!, address);
  }

  async confirmReset(body: unknown): Promise<void> {
    const { token, password } = textsOf(validateInput(bodies.resetConfirmation, body, anybody));
    await this.resets.confirm(token!, password!);
  }

  private async begin(user: Input, { agent }: Sender): Promise<Welcome> {
    const key = user[accountsTable.primaryKey] as Key;
    const account = String(user[accountsTable.timestamps.created]);
    return { ...(await this.tokens(await this.sessions.start(key, account, agent))), user };
  }

  private async tokens({ user, id, refreshToken }: Started): Promise<Tokens> {
    return { ...(await this.issuer.issue(String(user), id)), refreshToken };
  }
}

/** No field of these bodies depends on who sends them. */
const anybody = { isEnforced: true, isManager: false };

/** The user and the session of a token. Throws Unauthenticated without one. */
function sessionOf(caller: Caller | undefined): [Key, string] {
  if (caller === undefined) throw new Unauthenticated('This needs a token: send it in "Authorization: Bearer <token>".');
  return [keyOfAccount(caller.id), String(caller.claims.sid)];
}

function textsOf(fields: Input): Record<string, string> {
  return fields as Record<string, string>;
}
