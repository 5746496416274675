import { QueryCommand } from '@aws-sdk/lib-dynamodb';

import { teams } from '../models/identity.js';
import { tables } from '../models/index.js';
import type { Caller, Key, Table, Teams } from '../types/index.js';
import type { Database } from './database.js';
import { readRecord, toKey } from './reading.js';
import { holder } from './uniqueness.js';

/** A team that somebody is in, and as what. */
export interface Membership {
  readonly team: Key;
  readonly role: string | undefined;
}

/** The memberships of one user. What counts is read consistently: who has left a team is out of it at once. */
export class Memberships {
  constructor(
    private readonly database: Database,
    private readonly caller: Caller,
  ) {}

  /** Undefined where the user is not in the team. */
  async in(team: Key): Promise<Membership | undefined> {
    if (teams === undefined) return undefined;
    const table = tables[teams.memberships]!;
    const pair = { [teams.user]: toKey(this.caller, table, teams.user), [teams.team]: team };
    const key = await holder(this.database, table, pair);
    const membership = key === undefined ? undefined : await this.read(table, teams, key);
    return membership?.team === team ? membership : undefined;
  }

  /** All of them. An index finds them, which lags behind by a moment: only a new one can be missing. */
  async all(): Promise<Membership[]> {
    if (teams === undefined) return [];
    const { memberships, user } = teams;
    const table = tables[memberships]!;
    const keys = await this.keys(table, user);
    const read = await Promise.all(keys.map((key) => this.read(table, teams!, key)));
    return read.filter((membership) => membership !== undefined);
  }

  private async keys(table: Table, user: string): Promise<Key[]> {
    const keys: Key[] = [];
    let from: Record<string, Key> | undefined;
    do {
      const page = await this.database.documents.send(
        new QueryCommand({
          TableName: this.database.tableName(table.name),
          IndexName: `by_${user}`,
          KeyConditionExpression: '#user = :user',
          ExpressionAttributeNames: { '#user': user },
          ExpressionAttributeValues: { ':user': toKey(this.caller, table, user) },
          ExclusiveStartKey: from,
        }),
      );
      keys.push(...(page.Items ?? []).map((item) => item[table.primaryKey] as Key));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return keys;
  }

  private async read(table: Table, { user, team, role }: Teams, key: Key): Promise<Membership | undefined> {
    const record = await readRecord(this.database, table, key);
    if (record === undefined || record[user] !== toKey(this.caller, table, user)) return undefined;
    const held = role === undefined ? undefined : record[role];
    return { team: record[team] as Key, role: typeof held === 'string' ? held : undefined };
  }
}
