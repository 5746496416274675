"""Mutants of who may do what: each lets somebody see or do what the policy keeps from them, or keeps it from all."""

from typing import Final

from tests.backends.mutating import mutant

_RESTRICTED: Final = r"read: \[.*(?:OWNER|TEAM|ROLE|when:)"
"""A list or a record that is not for whoever has a token."""
_NAMING: Final = r"name: '(?!memberships')(?:.|\n)*table: 'users'(?:.|\n)*\n    team: '"
"""A record of a team that names a user."""
_MOVABLE: Final = r"fields: \{(?:(?!\n  \},)[\s\S])*?\n    teamId: string"
"""A team that a body may change."""

_POLICIES: Final = (
    mutant(
        "everybody may do everything",
        "services/access.ts",
        "if (!this.isEnforced || table.policy[action].some((grant) => this.isOpenToSome(grant))) return;",
        "return;",
        noticed="is created by those who may",
    ),
    mutant(
        "a grant lets in whoever has a token",
        "services/access.ts",
        "this.caller?.id === String(owner)",
        "this.caller !== undefined",
        noticed="is open to those who may",
        needs="'OWNER'",
    ),
    mutant(
        "members of any team are let in",
        "services/access.ts",
        "return membership !== undefined && isAs(membership.role, roles);",
        "return membership !== undefined || (await this.memberships!.all()).length > 0;",
        noticed="is open to those who may",
        needs="'TEAM'",
    ),
    mutant(
        "anybody can be named in a record of a team",
        "services/access.ts",
        "return (await other.in(record[policy.team] as Key)) !== undefined;",
        "return (other as unknown) !== undefined;",
        noticed="names a member",
        needs=_NAMING,
    ),
    mutant(
        "a record of a team names none of its members",
        "services/access.ts",
        "if (!isPeople || this.caller === undefined) return false;",
        "return false;",
        noticed="names a member",
        needs=_NAMING,
    ),
    mutant(
        "every member has every role of the team",
        "services/access.ts",
        "return roles === undefined || (role !== undefined && roles.includes(role));",
        "return true;",
        noticed="is open to those who may|is created by those who may",
        needs=r"'TEAM', roles",
    ),
    mutant(
        "every user has every role",
        "services/access.ts",
        "return held.some((role) => roles.includes(role));",
        "return true;",
        noticed="is created by those who may|is open to those who may",
        needs="'ROLE'",
    ),
    mutant(
        "lists show what the caller may not read",
        "services/access.ts",
        "if (!this.isEnforced) return 'all';",
        "return 'all';",
        noticed="is in no list|is open to those who may",
        needs=r"read: \[\{ audience: '(OWNER|TEAM|ROLE)|when:",
    ),
    mutant(
        "reading asks nobody",
        "services/records.ts",
        "    await access.toRead(this.table, record);\n    return record;",
        "    return record;",
        noticed="is open to those who may",
        needs=r"read: \[.*(?:OWNER|TEAM|when:)",
    ),
    mutant(
        "deleting asks nobody",
        "services/records.ts",
        "const permit = (record: Input) => access.toDelete(this.table, record);",
        "const permit = (record: Input) => access.toRead(this.table, record);",
        noticed="is open to those who may",
        needs=r"delete: \[.*(?:OWNER|TEAM)",
    ),
    mutant(
        "changing asks nobody whose record it is",
        "services/access.ts",
        "    await this.require(table, 'update', before);\n",
        "",
        noticed="is moved to another team",
        needs=_MOVABLE,
    ),
    mutant(
        "the owner is taken from nobody",
        "services/access.ts",
        "const record = owner !== undefined && this.isCallers(table, owner, input) ?",
        "const record = owner === null && this.isCallers(table, owner, input) ?",
        noticed="is created, and shows",
        needs="'OWNER'",
    ),
    mutant(
        "a record can be moved to another team",
        "services/access.ts",
        "await this.require(table, 'update', after, before);",
        "",
        noticed="is moved to another team",
        needs=_MOVABLE,
    ),
    mutant(
        "what cannot be read can be referred to",
        "services/access.ts",
        "    await this.requireReferences(table, {}, record);\n",
        "",
        noticed="is created by those who may|names a member",
        needs=_RESTRICTED,
    ),
)

_WAYS_ROUND: Final = (
    mutant(
        "a grant for some records is one for all",
        "services/access.ts",
        "return condition === undefined || record[condition.field] === condition.equals;",
        "return condition === undefined || record !== undefined;",
        noticed="is open to those who may, where",
        needs="when:",
    ),
    mutant(
        "a record is looked up whose ever it is",
        "services/listing.ts",
        "meets(item, others) && isInScope(item, scope)",
        "meets(item, others)",
        noticed="is in no list",
        needs=r"unique: \[\[(?:.|\n)*read: \[\{ audience: '(OWNER|TEAM)",
    ),
    mutant(
        "a record comes with what may not be read",
        "services/expansion.ts",
        "return (await access.mayRead(table, record)) ? [record] : [];",
        "return [record];",
        noticed="comes with what it refers to",
        needs=_RESTRICTED,
    ),
    mutant(
        "a list below a record asks nobody whether they may read that",
        "routes/lists.ts",
        "await localsOf(response).access.toRead(table, await parents.find(key));",
        "await parents.find(key);",
        noticed="lists the .* that refer to it",
        needs=r"read: \[\{ audience: '(OWNER|TEAM)",
    ),
    mutant(
        "links are made by anybody",
        "services/links.ts",
        "    await access.toUpdate(changed.table, changed.record, {});\n",
        "",
        noticed="is linked to .* by those who may",
        needs="isWritable: true",
    ),
    mutant(
        "links lead to what may not be read",
        "services/links.ts",
        "    await access.toTie(changed.table, changed.record, tied.table, tied.record);\n",
        "",
        noticed="is linked to no ",
        needs="isWritable: true",
    ),
    mutant(
        "a list of links shows what may not be read",
        "services/links.ts",
        "records.filter((_, number) => isVisible[number])",
        "records.filter((_, number) => number in isVisible)",
        noticed="lists the .* that it is linked to",
        needs="isWritable: true",
    ),
    mutant(
        "two records are linked as often as they are",
        "services/links.ts",
        "update(JSON.stringify(values))",
        "update(JSON.stringify([values, Math.random()]))",
        noticed="once however often",
        needs="isChanged: false",
    ),
    mutant(
        "whoever may change memberships gives every role",
        "services/access.ts",
        "if (!isLetIn || (isOwners && mine.role !== ownerRole)) throw",
        "if (!isLetIn) throw",
        noticed="by those alone who may",
        needs=r"name: 'memberships'(?:.|\n)*update: \[\{ audience: 'TEAM', roles: \['owner', '",
    ),
    mutant(
        "a team may be left by its last owner",
        "services/owners.ts",
        "  throw lastOwner();",
        "  return [];",
        noticed="keeps its last owner",
        needs="ownerRole: '",
    ),
    mutant(
        "whoever makes a team is not in it",
        "services/owners.ts",
        "if (teams === undefined || caller === undefined || table.name !== teams.table) return () => [];",
        "return () => [];",
        noticed="has whoever makes it",
        needs="ownerRole: '",
    ),
    mutant(
        "what inherits its owner or team has none",
        "services/access.ts",
        "return inheritedFrom === undefined ? record : { ...record, ...(await this.inherited(table, record)) };",
        "return record;",
        noticed="is created, and shows",
        needs="inheritedFrom:",
    ),
    mutant(
        "a body says whose a record is",
        "validation/types.ts",
        "field.when('$isEnforced', { is: true, then: Joi.forbidden() })",
        "field",
        noticed="refuses what only the server sets",
        needs=r"assigned\(",
    ),
    mutant(
        "a cursor is anybody's",
        "services/listing.ts",
        "query.sort, caller ?? null];",
        "query.sort, caller === null];",
        noticed="is listed by pages",
    ),
    mutant(
        "an Idempotency-Key is everybody's",
        "services/idempotency.ts",
        "[caller?.id ?? null, place, key]",
        "[caller?.id === null, place, key]",
        noticed="is created by whoever sends an Idempotency-Key",
    ),
)

WHO: Final = (*_POLICIES, *_WAYS_ROUND)
