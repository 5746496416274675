import { Forbidden, NotFound, Unauthenticated, ValidationFailed, type Detail } from '../errors.js';
import { tables } from '../models/index.js';
import { teams } from '../models/identity.js';
import type { Action, Caller, Condition, Grant, Input, Key, Reference, Scope, Table } from '../types/index.js';
import type { Database } from './database.js';
import { Memberships } from './memberships.js';
import { missingReference } from './references.js';
import { readRecord, toKey } from './reading.js';

/** Whose records are the members of teams. */
const peopleTable = teams && tables[teams.memberships]!.references.find(({ field }) => field === teams?.user)?.table;

/** Who sends a body, as far as its validation goes by it. */
export interface Context {
  /** Whether it is known who it is, so that the server sets what names them. */
  readonly isEnforced: boolean;
  /** Whether a ROLE lets them in. */
  readonly isManager: boolean;
}

/**
 * The one place that is asked who may do what: what one caller may do, by the policy of each table. Without
 * authentication everybody may do everything.
 *
 * What the caller may not read is not there (404), what may be read but not changed is forbidden (403), and without a
 * token what is not PUBLIC needs one (401).
 */
export class Access {
  private memberships: Memberships | undefined;
  readonly isEnforced: boolean;

  constructor(
    private readonly database: Database,
    readonly caller: Caller | undefined,
    { isEnforced }: { readonly isEnforced: boolean },
  ) {
    this.isEnforced = isEnforced;
    this.memberships = this.unread();
  }

  /** Whether the caller may do this to any record at all. Throws Unauthenticated, Forbidden. */
  enter(table: Table, action: Action): void {
    if (!this.isEnforced || table.policy[action].some((grant) => this.isOpenToSome(grant))) return;
    if (this.caller === undefined) throw new Unauthenticated('This needs a token: send it in "Authorization: Bearer <token>".');
    throw new Forbidden(`You may not ${action} records of ${table.name}.`);
  }

  /** What the validation of a body goes by: whether the caller is known, and whether a ROLE lets them in. */
  context(table: Table, action: Action): Context {
    const isManager = table.policy[action].some((grant) => isOfRole(grant) && this.isOpenToAll(grant));
    return { isEnforced: this.isEnforced, isManager: isManager || !this.isEnforced };
  }

  /** The record that the input makes. Throws Forbidden; ValidationFailed for references to what cannot be seen. */
  async toCreate(table: Table, input: Input): Promise<Input> {
    return this.changing(async () => {
      const record = await this.withOwners(table, input);
      if (!this.isEnforced) return record;
      await this.requireReferences(table, {}, record);
      await this.require(table, 'create', record);
      await this.requireStanding(table, 'create', {}, record);
      return record;
    });
  }

  /** Throws NotFound. */
  async toRead(table: Table, record: object): Promise<void> {
    const fields = record as Input;
    if (!(await this.may(table, 'read', fields))) throw missing(table, fields[table.primaryKey] as Key);
  }

  /** Link a record to another, as a reference would. Throws NotFound. */
  async toTie(table: Table, record: Input, target: Table, other: Input): Promise<void> {
    if (!(await this.mayTie(table, record, target, other))) throw missing(target, other[target.primaryKey] as Key);
  }

  /** The changes to make. They must be allowed to the record as it is and as it will be. Throws as `toCreate`, NotFound. */
  async toUpdate(table: Table, before: Input, changes: Input): Promise<Input> {
    return this.changing(async () => {
      await this.toRead(table, before);
      await this.require(table, 'update', before);
      const complete = await this.withInherited(table, before, changes);
      const after = { ...before, ...complete };
      await this.requireReferences(table, before, after);
      await this.require(table, 'update', after, before);
      await this.requireStanding(table, 'update', before, after);
      return complete;
    });
  }

  /** Throws NotFound, Forbidden. */
  async toDelete(table: Table, record: Input): Promise<void> {
    await this.changing(async () => {
      await this.toRead(table, record);
      await this.require(table, 'delete', record);
      if (!this.isOwn(table, record)) await this.requireStanding(table, 'delete', record, {});
    });
  }

  /** A change is decided by the memberships as they are now, and what is read after it by what it has made of them. */
  private async changing<Decision>(decide: () => Promise<Decision>): Promise<Decision> {
    this.memberships = this.unread();
    try {
      return await decide();
    } finally {
      this.memberships = this.unread();
    }
  }

  private unread(): Memberships | undefined {
    return this.caller && new Memberships(this.database, this.caller);
  }

  /**
   * Somebody is let into a team or out of it, and gets another role in it, by those whom their own role, in the team or
   * beyond, lets do so, never by a member as such; and its owners by its owners alone. Throws Forbidden.
   */
  private async requireStanding(table: Table, action: Action, before: Input, after: Input): Promise<void> {
    if (!this.isEnforced || teams?.role === undefined || table.name !== teams.memberships) return;
    const { role, ownerRole, team } = teams;
    const [held, given] = [before[role], after[role]];
    if (action === 'update' && held === given) return;
    const stored = action === 'create' ? after : before;
    const grants = table.policy[action].filter(({ when }) => meets(stored, when));
    if (grants.some((grant) => grant.audience === 'ROLE' && this.isOpenToAll(grant))) return;
    const mine = await this.memberships?.in((after[team] ?? before[team]) as Key);
    const isLetIn = mine !== undefined && grants.some(({ audience, roles }) => audience === 'TEAM' && isAs(mine.role, roles));
    const isOwners = ownerRole !== undefined && (held === ownerRole || given === ownerRole);
    if (!isLetIn || (isOwners && mine.role !== ownerRole)) throw new Forbidden('You may not give or take this role.');
  }

  private isOwn({ policy }: Table, record: Input): boolean {
    const owner = policy.owner === undefined ? undefined : record[policy.owner];
    return isSet(owner) && this.caller?.id === String(owner);
  }

  /** What a list of the table's records may show. */
  async scope(table: Table): Promise<Scope> {
    if (!this.isEnforced) return 'all';
    const parts = await Promise.all(table.policy.read.map((grant) => this.part(table, grant)));
    return parts.some((part) => part.some((conditions) => conditions.length === 0)) ? 'all' : parts.flat();
  }

  async mayRead(table: Table, record: Input): Promise<boolean> {
    return this.may(table, 'read', record);
  }

  /** `stored` is what the record is before a change; by it a grant's condition is judged. */
  private async may(table: Table, action: Action, record: Input, stored = record): Promise<boolean> {
    return !this.isEnforced || (await this.isLetIn(table.policy[action], table, record, stored));
  }

  private async isLetIn(grants: readonly Grant[], table: Table, record: Input, stored = record): Promise<boolean> {
    for (const grant of grants) {
      if (meets(stored, grant.when) && (await this.admits(grant, table, record))) return true;
    }
    return false;
  }

  private async require(table: Table, action: Action, record: Input, stored = record): Promise<void> {
    if (!(await this.may(table, action, record, stored))) throw new Forbidden(`You may not ${action} this record of ${table.name}.`);
  }

  private async admits(grant: Grant, table: Table, record: Input): Promise<boolean> {
    switch (grant.audience) {
      case 'OWNER':
        return this.isOwn(table, record);
      case 'TEAM':
        return table.policy.team !== undefined && (await this.isMember(record[table.policy.team], grant.roles));
      default:
        return this.isOpenToAll(grant);
    }
  }

  private isOpenToAll({ audience, roles }: Grant): boolean {
    switch (audience) {
      case 'PUBLIC':
        return true;
      case 'SIGNED_IN':
        return this.caller !== undefined;
      case 'ROLE':
        return this.caller !== undefined && hasOneOf(this.caller.roles, roles ?? []);
      default:
        return false;
    }
  }

  private isOpenToSome(grant: Grant): boolean {
    const isPersonal = grant.audience === 'OWNER' || grant.audience === 'TEAM';
    return isPersonal ? this.caller !== undefined : this.isOpenToAll(grant);
  }

  private async isMember(team: unknown, roles: readonly string[] | undefined): Promise<boolean> {
    if (team === null || team === undefined) return false;
    const membership = await this.memberships?.in(team as Key);
    return membership !== undefined && isAs(membership.role, roles);
  }

  /** The records that a grant lets the caller read: alternatives, each of conditions that all hold. */
  private async part(table: Table, grant: Grant): Promise<Condition[][]> {
    const when = grant.when === undefined ? [] : [grant.when];
    const { owner, team } = table.policy;
    switch (grant.audience) {
      case 'OWNER':
        if (this.caller === undefined || owner === undefined) return [];
        return [[{ field: owner, equals: toKey(this.caller, table, owner) }, ...when]];
      case 'TEAM':
        if (team === undefined) return [];
        return (await this.teams(grant)).map((value) => [{ field: team, equals: value }, ...when]);
      default:
        return this.isOpenToAll(grant) ? [when] : [];
    }
  }

  private async teams({ roles }: Grant): Promise<Key[]> {
    const memberships = (await this.memberships?.all()) ?? [];
    return memberships.filter(({ role }) => isAs(role, roles)).map(({ team }) => team);
  }

  /** The owner is whoever asks, and is never taken from the body; both owner and team may come from another record. */
  private async withOwners(table: Table, input: Input): Promise<Input> {
    const { owner, inheritedFrom } = table.policy;
    const record = owner !== undefined && this.isCallers(table, owner, input) ? { ...input, [owner]: toKey(this.caller!, table, owner) } : input;
    return inheritedFrom === undefined ? record : { ...record, ...(await this.inherited(table, record)) };
  }

  /** Whether a new record belongs to the caller. One whom a ROLE lets in may name somebody else, where it is ROLE's to set. */
  private isCallers({ setters }: Table, owner: string, input: Input): boolean {
    if (this.caller === undefined) return false;
    return setters[owner] === 'CALLER' || (setters[owner] === 'ROLE' && !isSet(input[owner]));
  }

  private async withInherited(table: Table, before: Input, changes: Input): Promise<Input> {
    const { inheritedFrom } = table.policy;
    if (inheritedFrom === undefined || !(inheritedFrom in changes) || changes[inheritedFrom] === before[inheritedFrom]) return changes;
    return { ...changes, ...(await this.inherited(table, changes)) };
  }

  private async inherited(table: Table, record: Input): Promise<Input> {
    const { policy, references } = table;
    const reference = references.find(({ field }) => field === policy.inheritedFrom);
    const parent = reference && (await this.target(reference, record));
    if (reference === undefined || parent === undefined) return {};
    const from = tables[reference.table]!.policy;
    return {
      ...(policy.owner && from.owner ? { [policy.owner]: parent[from.owner] } : {}),
      ...(policy.team && from.team ? { [policy.team]: parent[from.team] } : {}),
    };
  }

  private async requireReferences(table: Table, before: Input, record: Input): Promise<void> {
    const details = await this.missingReferences(table, before, record);
    if (details.length > 0) throw new ValidationFailed(details);
  }

  /** What the caller may not read cannot be referred to, and is answered as what does not exist. */
  async missingReferences(table: Table, before: Input, record: Input): Promise<Detail[]> {
    const changed = table.references.filter(({ field }) => isSet(record[field]) && record[field] !== before[field]);
    const faults = await Promise.all(changed.map((reference) => this.fault(table, reference, record)));
    return faults.filter((fault) => fault !== undefined);
  }

  private async fault(table: Table, reference: Reference, record: Input): Promise<Detail | undefined> {
    const target = tables[reference.table]!;
    const isItself = target.name === table.name && record[reference.field] === record[table.primaryKey];
    const isFree = this.isFree(table, reference);
    // Whose a record is may come from the body where it is a ROLE's to set: then it may be nobody.
    if (isItself || (isFree && table.setters[reference.field] !== 'ROLE')) return undefined;
    const parent = await this.target(reference, record);
    const isAllowed = parent !== undefined && (isFree || (await this.mayTie(table, record, target, parent)));
    return isAllowed ? undefined : missingReference(reference.field, target.name);
  }

  /**
   * A record may be tied to what the caller may read, to the caller, and to whoever is in the record's team with them.
   * A member of two teams carries nothing from one to the other that they may read for being in its team alone.
   */
  private async mayTie(table: Table, record: Input, target: Table, other: Input): Promise<boolean> {
    if (!this.isEnforced) return true;
    const isCarried = isOfAnotherTeam(table, record, target, other) && (await this.isMember(record[table.policy.team!], undefined));
    const grants = target.policy.read.filter(({ audience }) => !(isCarried && audience === 'TEAM'));
    return (await this.isLetIn(grants, target, other)) || (await this.isTeammate(table, record, target, other));
  }

  /** Nobody learns by this who is in a team that they are not in themselves. */
  private async isTeammate({ policy }: Table, record: Input, target: Table, user: Input): Promise<boolean> {
    const { primaryKey } = target;
    const isPeople = target.name === peopleTable || target.policy.owner === primaryKey;
    if (!isPeople || this.caller === undefined) return false;
    if (this.caller.id === String(user[primaryKey])) return true;
    if (policy.team === undefined || !(await this.isMember(record[policy.team], undefined))) return false;
    const other = new Memberships(this.database, { id: String(user[primaryKey]) });
    return (await other.in(record[policy.team] as Key)) !== undefined;
  }

  /** Whoever lets somebody into a team need not see their account; and whose record something is, the token says. */
  private isFree(table: Table, { field }: Reference): boolean {
    return (table.name === teams?.memberships && field === teams.user) || field === table.policy.owner;
  }

  private async target({ field, table }: Reference, record: Input): Promise<Input | undefined> {
    return isSet(record[field]) ? readRecord(this.database, tables[table]!, record[field] as Key) : undefined;
  }
}

function hasOneOf(held: readonly string[], roles: readonly string[]): boolean {
  return held.some((role) => roles.includes(role));
}

function isAs(role: string | undefined, roles: readonly string[] | undefined): boolean {
  return roles === undefined || (role !== undefined && roles.includes(role));
}

function meets(record: Input, condition: Condition | undefined): boolean {
  return condition === undefined || record[condition.field] === condition.equals;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Whether two records are of two teams; a team itself may be tied to others. */
function isOfAnotherTeam(table: Table, record: Input, target: Table, other: Input): boolean {
  const [own, theirs] = [table.policy.team, target.policy.team];
  if (own === undefined || theirs === undefined || theirs === target.primaryKey) return false;
  return isSet(record[own]) && isSet(other[theirs]) && record[own] !== other[theirs];
}

/** A grant for some records alone does not make a manager of all. */
function isOfRole({ audience, when }: Grant): boolean {
  return audience === 'ROLE' && when === undefined;
}

function missing({ name }: Table, key: Key): NotFound {
  return new NotFound(`There is no record ${JSON.stringify(key)} in ${name}.`);
}
