import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

import { Conflict, NotFound, Unauthenticated } from '../errors.js';
import type { Key } from '../types/index.js';
import { backOff } from './backOff.js';
import type { Database } from './database.js';

const LIFETIME_SECONDS = 30 * 24 * 3_600;
/** Of a user; the one that was used longest ago ends when another begins. */
const MOST_SESSIONS = 20;
const ATTEMPTS = 8;
const MAX_TOKEN = 1_000;

/** Times are in seconds since 1970. */
export interface Session {
  readonly id: string;
  /** When the account was made, so that a session of a deleted account is none of a later one with its key. */
  readonly account: string;
  readonly agent: string;
  readonly created: number;
  readonly used: number;
  readonly expires: number;
}

/** Of the refresh token that is good, only a hash is kept. */
interface Stored extends Session {
  readonly hash: string;
}

interface Item {
  readonly key: string;
  readonly version: number;
  readonly sessions: Readonly<Record<string, Stored>>;
}

export interface Started {
  readonly user: Key;
  readonly id: string;
  readonly refreshToken: string;
}

/** Who is signed in where. All sessions of a user are one item, so that one read finds them and one write ends them. */
export class Sessions {
  constructor(private readonly database: Database) {}

  async start(user: Key, account: string, agent: string): Promise<Started> {
    const id = randomBytes(12).toString('base64url');
    const secret = newSecret();
    await this.change(user, (sessions) => {
      const kept = sessions.sort((a, b) => b.used - a.used).slice(0, MOST_SESSIONS - 1);
      const now = seconds();
      const session = { id, account, agent: agent.slice(0, 200), created: now, used: now, expires: now + LIFETIME_SECONDS };
      // The newest first: of those used in the same second, the sort leaves it there.
      return [{ ...session, hash: hashOf(secret) }, ...kept];
    });
    return { user, id, refreshToken: written(user, id, secret) };
  }

  /**
   * A new refresh token for one that is good once. Whoever sends another with the session's id, which none has who never
   * had a token of it, is not the only one who has them, so that the session ends. Throws Unauthenticated, also where
   * `isOpen` says that the user is not whom the session is of, or no longer.
   */
  async refresh(token: string, isOpen: (session: Session, user: Key) => Promise<boolean>): Promise<Started> {
    const { user, id, secret } = read(token);
    const next = newSecret();
    let isStolen = false;
    await this.change(user, async (sessions) => {
      const session = sessions.find((one) => one.id === id);
      if (session === undefined || !(await isOpen(session, user))) throw ended();
      isStolen = !isHash(secret, session.hash);
      if (isStolen) return sessions.filter((one) => one.id !== id);
      const renewed = { ...session, used: seconds(), hash: hashOf(next) };
      return sessions.map((one) => (one.id === id ? renewed : one));
    });
    if (isStolen) throw ended();
    return { user, id, refreshToken: written(user, id, next) };
  }

  /** Undefined where it has ended. */
  async find(user: Key, id: string): Promise<Session | undefined> {
    return (await this.list(user)).find((session) => session.id === id);
  }

  /** Those that are open, the one that was used last first. */
  async list(user: Key): Promise<Session[]> {
    const sessions = open(await this.item(user));
    return sessions.sort((a, b) => b.used - a.used).map(shown);
  }

  /** Throws NotFound. */
  async end(user: Key, id: string): Promise<void> {
    await this.change(user, (sessions) => {
      if (!sessions.some((session) => session.id === id)) throw new NotFound('There is no such session.');
      return sessions.filter((session) => session.id !== id);
    });
  }

  async endAll(user: Key, except?: string): Promise<void> {
    await this.change(user, (sessions) => sessions.filter(({ id }) => id === except));
  }

  private async change(user: Key, edit: (sessions: Stored[]) => readonly Stored[] | Promise<readonly Stored[]>): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const before = await this.item(user);
      if (await this.put(user, before?.version, await edit(open(before)))) return;
      await backOff(attempt);
    }
    throw new Conflict('Too many sign-ins at the moment. Try again.');
  }

  private async item(user: Key): Promise<Item | undefined> {
    const { documents, systemTable } = this.database;
    const { Item: item } = await documents.send(
      new GetCommand({ TableName: systemTable, Key: { key: keyOf(user) }, ConsistentRead: true }),
    );
    return item as Item | undefined;
  }

  /** Whether it is done; not where somebody else has changed the sessions since. */
  private async put(user: Key, version: number | undefined, sessions: readonly Stored[]): Promise<boolean> {
    try {
      await this.database.documents.send(
        new PutCommand({
          TableName: this.database.systemTable,
          Item: {
            key: keyOf(user),
            version: (version ?? 0) + 1,
            sessions: Object.fromEntries(sessions.map((session) => [session.id, session])),
            expiresAt: Math.max(seconds(), ...sessions.map(({ expires }) => expires)),
          },
          ...unchangedSince(version),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

function unchangedSince(version: number | undefined) {
  return {
    ConditionExpression: version === undefined ? 'attribute_not_exists(#version)' : '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ...(version === undefined ? {} : { ExpressionAttributeValues: { ':version': version } }),
  };
}

function open(item: Item | undefined): Stored[] {
  return Object.values(item?.sessions ?? {}).filter(({ expires }) => expires > seconds());
}

function shown({ id, account, agent, created, used, expires }: Stored): Session {
  return { id, account, agent, created, used, expires };
}

function keyOf(user: Key): string {
  return `sessions of ${JSON.stringify(user)}`;
}

function written(user: Key, id: string, secret: string): string {
  return [Buffer.from(JSON.stringify(user)).toString('base64url'), id, secret].join('.');
}

function read(token: string): { user: Key; id: string; secret: string } {
  const [user = '', id, secret] = token.split('.');
  if (token.length > MAX_TOKEN || id === undefined || secret === undefined) throw ended();
  try {
    const key: unknown = JSON.parse(Buffer.from(user, 'base64url').toString());
    if (typeof key === 'string' || typeof key === 'number') return { user: key, id, secret };
  } catch {
    // Not one of ours.
  }
  throw ended();
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Random enough that a fast hash is safe. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function isHash(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(hash));
}

function ended(): Unauthenticated {
  return new Unauthenticated('The session has ended. Sign in again.');
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
