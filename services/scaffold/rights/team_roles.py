"""What the roles of a team's members are called, and what is for some of them alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from msgspec import structs

from services.designs.schema import Audience, Field, FieldRules, Grant, Policy, SchemaModel
from services.scaffold.plurals import singular
from services.scaffold.principals import TEAM_MANAGERS
from services.scaffold.rights.statement import Statement
from services.scaffold.rights.wording import Names
from services.scaffold.roles import ADMIN, MEMBER, OWNER_ROLE, ROLE
from services.scaffold.vocabulary import Entity, vocabulary

_ACTIONS: Final = ("create", "read", "update", "delete")
_OWNERS: Final = Grant(Audience.TEAM, (OWNER_ROLE,))


def with_team(names: Names, team: str, memberships: str, roles: Field | None, *, others: Iterable[str]) -> Names:
    """Return the names with what a table of teams is called, and with its members' roles but for what others are."""
    values = roles.rules.values if roles is not None and roles.rules is not None else ()
    usual = next(one.rules for one in vocabulary().entities["memberships"].fields if one.name == ROLE)
    are_said = usual is None or values != usual.values
    said = {role for role in values if are_said and role not in set(others)}
    said |= {MEMBER} if are_said or singular(memberships) == MEMBER else set()
    return replace(names, teams=frozenset({singular(team.rpartition("_")[2])}), roles=frozenset(said))


def team_names(names: Names, schema: SchemaModel) -> Names:
    """Return the names with those of a schema's teams."""
    if schema.teams is None:
        return names
    accounts, teams = schema.accounts, schema.teams
    everybodys = None if accounts is None else _field(schema, accounts.table, accounts.role)
    values = everybodys.rules.values if everybodys is not None and everybodys.rules is not None else ()
    roles = _field(schema, teams.memberships, teams.role)
    return with_team(names, teams.table, teams.memberships, roles, others=[one for one in values if one != ADMIN])


def _field(schema: SchemaModel, table: str, name: str | None) -> Field | None:
    fields = (field for one in schema.tables if one.name == table for field in one.fields)
    return next((field for field in fields if field.name == name), None)


def of_some_members(policy: Policy, statements: Sequence[Statement]) -> Policy:
    """Return a team's policy in which what is said to be done by members with a role is theirs, and its owners'.

    It is all members' where that is said, too.
    """
    for action in _ACTIONS:
        told = [grant for one in statements if _lets_in(one, action) for grant in one.grants]
        of_team = [grant for grant in told if grant.audience is Audience.TEAM]
        if of_team and all(grant.roles for grant in of_team) and action != "read":
            current: tuple[Grant, ...] = getattr(policy, action)
            grants = (_OWNERS if _is_all_members(grant) else grant for grant in current)
            policy = structs.replace(policy, **{action: tuple(dict.fromkeys(grants))})
    return policy


def _lets_in(statement: Statement, action: str) -> bool:
    return action in statement.actions and not (statement.is_denied or statement.is_closing)


def _is_all_members(grant: Grant) -> bool:
    return grant.audience is Audience.TEAM and not grant.roles


def without_members(grants: Sequence[Grant], denied: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return the grants with what is for all members left to those who manage a team, where some roles are kept out."""
    out = {role for grant in denied if grant.audience is Audience.TEAM for role in grant.roles}
    managers = Grant(Audience.TEAM, tuple(role for role in TEAM_MANAGERS if role not in out))
    return tuple(managers if out and managers.roles and _is_all_members(grant) else grant for grant in grants)


def role_of(memberships: Entity) -> Field | None:
    """Return the field of memberships that says what a member may be."""
    return next((field for field in memberships.fields if field.name in {ROLE, "access"}), None)


def with_named_roles(
    entities: Mapping[str, Entity], memberships: str | None, statements: Iterable[Statement]
) -> dict[str, Entity]:
    """Return the entities with the roles of a team's members that statements name."""
    if memberships is None:
        return dict(entities)
    whole = entities[memberships]
    role = role_of(whole)
    grants = [grant for statement in statements for grant in statement.grants if grant.audience is Audience.TEAM]
    named = [name for grant in grants for name in grant.roles]
    fields = (_with_values(field, named) if field == role else field for field in whole.fields)
    return {**entities, memberships: replace(whole, fields=tuple(fields))}


def _with_values(role: Field, named: Iterable[str]) -> Field:
    values = role.rules.values if role.rules is not None else ()
    return structs.replace(role, rules=FieldRules(values=tuple(dict.fromkeys((*values, *named)))))


def of_roles_there_are(policy: Policy, memberships: Entity | None) -> Policy:
    """Return the policy without roles that nobody has in a team."""
    role = role_of(memberships) if memberships is not None else None
    if role is None or role.rules is None:
        return policy
    roles = role.rules.values
    return structs.replace(policy, **{action: _existing(getattr(policy, action), roles) for action in _ACTIONS})


def _existing(grants: Iterable[Grant], roles: Sequence[str]) -> tuple[Grant, ...]:
    kept: list[Grant] = []
    for grant in grants:
        held = tuple(role for role in grant.roles if role in roles)
        if grant.audience is not Audience.TEAM or not grant.roles:
            kept.append(grant)
        elif held:
            kept.append(structs.replace(grant, roles=held))
    return tuple(kept)
