import { Conflict } from '../errors.js';
import { teams } from '../models/identity.js';
import { tables } from '../models/index.js';
import type { Caller, Input, Key, Table, Teams } from '../types/index.js';
import type { Database } from './database.js';
import { membershipsBy } from './memberships.js';
import { bodies } from '../validation/index.js';
import { MARK } from './items.js';
import { toKey } from './reading.js';
import { Repository } from './repository.js';
import type { Step } from './transaction.js';
import { Stale } from './writes.js';

/** What is written with a new team: whoever makes it is in it, and owns it. Nothing for records of other tables. */
export async function firstMembership(
  database: Database,
  table: Table,
  caller: Caller | undefined,
): Promise<(team: Input) => Step[]> {
  if (teams === undefined || caller === undefined || table.name !== teams.table) return () => [];
  const { user, team, role, ownerRole, memberships: name } = teams;
  const members = tables[name]!;
  const records = new Repository<Input>(database, members);
  const standing = role === undefined || ownerRole === undefined ? {} : { [role]: ownerRole };
  const membership = await records.prepare(withDefaults(members, { [user]: toKey(caller, members, user), ...standing }));
  return (made) => {
    const key = { [team]: made[table.primaryKey] };
    return records.creation({ ...membership, ...key }, key);
  };
}

/**
 * What keeps a team's last owner when a membership changes, or ends, in the same transaction: another owner's membership
 * must stay as it is. Throws Conflict where there is no other owner. Nothing for records of other tables.
 */
export async function keepAnOwner(database: Database, table: Table, before: Input, after?: Input): Promise<Step[]> {
  if (teams === undefined || table.name !== teams.memberships || !isOwners(teams, before)) return [];
  if (after !== undefined && isOwners(teams, after) && after[teams.team] === before[teams.team]) return [];
  for await (const other of membershipsBy(database, teams.team, before[teams.team] as Key)) {
    const isAnother = other[table.primaryKey] !== before[table.primaryKey];
    if (isAnother && isOwners(teams, other) && other[teams.team] === before[teams.team]) return [stillOwner(database, teams, other)];
  }
  throw lastOwner();
}

function isOwners({ role, ownerRole }: Teams, membership: Input): boolean {
  return role !== undefined && ownerRole !== undefined && membership[role] === ownerRole;
}

function stillOwner(database: Database, { memberships, team, role }: Teams, membership: Input): Step {
  const { name, primaryKey } = tables[memberships]!;
  return {
    write: {
      ConditionCheck: {
        TableName: database.tableName(name),
        Key: { [primaryKey]: membership[primaryKey] },
        ConditionExpression: '#role = :role AND #team = :team AND attribute_not_exists(#mark)',
        ExpressionAttributeNames: { '#role': role!, '#team': team, '#mark': MARK },
        ExpressionAttributeValues: { ':role': membership[role!], ':team': membership[team] },
      },
    },
    // Looked for again: there may be yet another owner.
    refusal: () => new Stale(),
  };
}

function lastOwner(): Conflict {
  return new Conflict('A team keeps its last owner. Make somebody else an owner first.');
}

/** The fields of a membership where nothing is said of the others. */
function withDefaults({ name }: Table, fields: Input): Input {
  const context = { isEnforced: false, isManager: true };
  return bodies[name]!.create.validate(fields, { abortEarly: false, context }).value as Input;
}
