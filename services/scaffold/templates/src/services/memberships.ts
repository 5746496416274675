import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import { teams } from '../models/identity.js';
import { tables } from '../models/index.js';
import type { Caller, Input, Key, Table, Teams } from '../types/index.js';
import type { Database } from './database.js';
import { readItems, readRecord, toKey } from './reading.js';
import { holder } from './uniqueness.js';

/** A team that somebody is in, and as what. */
export interface Membership {
  readonly team: Key;
  readonly role: string | undefined;
}

/**
 * The memberships of one user, each read once, however many rows are decided by them. What counts is read consistently: who
 * has left a team is out of it at once.
 */
export class Memberships {
  private readonly byTeam = new Map<Key, Promise<Membership | undefined>>();
  private every: Promise<Membership[]> | undefined;

  constructor(
    private readonly database: Database,
    private readonly user: Pick<Caller, 'id'>,
  ) {}

  /** Undefined where the user is not in the team. */
  async in(team: Key): Promise<Membership | undefined> {
    await this.every;
    const membership = this.byTeam.get(team) ?? this.find(team);
    this.byTeam.set(team, membership);
    return membership;
  }

  /** All of them. An index finds them, which lags behind by a moment: only a new one can be missing. */
  all(): Promise<Membership[]> {
    this.every ??= this.readAll();
    return this.every;
  }

  private async readAll(): Promise<Membership[]> {
    if (teams === undefined) return [];
    const { memberships, user, team, role } = teams;
    const all: Membership[] = [];
    for await (const record of membershipsBy(this.database, user, toKey(this.user, tables[memberships]!, user))) {
      const membership = toMembership(record, team, role);
      this.byTeam.set(membership.team, Promise.resolve(membership));
      all.push(membership);
    }
    return all;
  }

  private async find(team: Key): Promise<Membership | undefined> {
    if (teams === undefined) return undefined;
    const table = tables[teams.memberships]!;
    const pair = { [teams.user]: toKey(this.user, table, teams.user), [teams.team]: team };
    const key = await holder(this.database, table, pair);
    const membership = key === undefined ? undefined : await this.read(table, teams, key);
    return membership?.team === team ? membership : undefined;
  }

  private async read(table: Table, { user, team, role }: Teams, key: Key): Promise<Membership | undefined> {
    const record = await readRecord(this.database, table, key);
    if (record === undefined || record[user] !== toKey(this.user, table, user)) return undefined;
    return toMembership(record, team, role);
  }
}

/** The memberships with a value in a field, found by its index, and each read as it is. */
export async function* membershipsBy(database: Database, field: string, value: Key): AsyncGenerator<Input> {
  const table = tables[teams!.memberships]!;
  let from: Record<string, Key> | undefined;
  do {
    const page = await database.documents.send(
      new QueryCommand({
        TableName: database.tableName(table.name),
        IndexName: `by_${field}`,
        KeyConditionExpression: '#field = :value',
        ExpressionAttributeNames: { '#field': field },
        ExpressionAttributeValues: { ':value': value },
        ExclusiveStartKey: from,
      }),
    );
    const items = await readItems(
      database,
      table,
      (page.Items ?? []).map((item) => item[table.primaryKey] as Key),
    );
    yield* items.filter((item) => item[field] === value);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

function toMembership(record: Input, team: string, role: string | undefined): Membership {
  const held = role === undefined ? undefined : record[role];
  return { team: record[team] as Key, role: typeof held === 'string' ? held : undefined };
}
