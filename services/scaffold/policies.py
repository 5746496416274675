"""Who may do what to a table of a backend: its policy as the table can keep it, and how that is written."""

from collections.abc import Iterable, Sequence

from services.core.frozen import frozen
from services.designs.schema import Audience, Field, FieldType, Grant, Policy, SchemaModel, Table
from services.scaffold.literals import literal, quoted

_ACTIONS = ("create", "read", "update", "delete")
_UNFIT = frozenset({FieldType.BOOLEAN, FieldType.JSON, FieldType.FLOAT})
"""What names no user and no team."""


@frozen
class Permissions:
    """A table's policy, of which `owner`, `team` and `inherited_from` are fields that the table has.

    A table without a policy, and an action without grants, is closed to everybody.
    """

    policy: Policy
    assigned: frozenset[str]
    """Fields that the server sets, from the token or from the record that is inherited from; in bodies refused."""
    indexed: tuple[str, ...]
    """Fields that lists are filtered by, for those who may not read all, or that memberships are found by."""
    pairs: tuple[tuple[str, ...], ...]
    """Fields that no two records share: a user is in a team once, by which it is found whether they are."""


def permissions(table: Table, schema: SchemaModel, *, fields: Sequence[Field], key: Field) -> Permissions:
    """Return what is allowed in a table whose planned fields are `fields`."""
    stated = table.policy or schema.default_policy or Policy()
    fit = {field.name for field in fields if field.type not in _UNFIT}
    policy = Policy(
        **{action: _grants(getattr(stated, action), {field.name for field in fields}) for action in _ACTIONS},
        owner=stated.owner if stated.owner in fit else None,
        team=stated.team if stated.team in fit else None,
        inherited_from=stated.inherited_from if stated.inherited_from in fit else None,
    )
    membership = _membership(table, schema)
    return Permissions(
        policy=policy,
        assigned=_assigned(table, schema, policy, key),
        indexed=(*_indexed(policy), *membership),
        pairs=(membership,) if membership else (),
    )


def _indexed(policy: Policy) -> tuple[str, ...]:
    audiences = {grant.audience for grant in policy.read}
    wanted = [(Audience.OWNER, policy.owner), (Audience.TEAM, policy.team)]
    return tuple(name for audience, name in wanted if audience in audiences and name is not None)


def _membership(table: Table, schema: SchemaModel) -> tuple[str, ...]:
    """Return the fields of a membership that name the user and the team; none where the table holds no memberships."""
    teams = schema.teams
    return (teams.user, teams.team) if teams is not None and teams.memberships == table.name else ()


def _grants(grants: Iterable[Grant], fields: set[str]) -> tuple[Grant, ...]:
    return tuple(
        grant
        for grant in grants
        if grant.audience is not Audience.NOBODY and (grant.when is None or grant.when.field in fields)
    )


def _assigned(table: Table, schema: SchemaModel, policy: Policy, key: Field) -> frozenset[str]:
    names: set[str] = set()
    if policy.owner is not None and not _names_members(table, schema) and not _is_account(table, schema, key, policy):
        names.add(policy.owner)
    if policy.inherited_from is not None and policy.team is not None:
        names.add(policy.team)
    return frozenset(names)


def _names_members(table: Table, schema: SchemaModel) -> bool:
    """Whoever lets a user into a team names them, so the body of a membership holds the user."""
    return schema.teams is not None and table.name == schema.teams.memberships


def _is_account(table: Table, schema: SchemaModel, key: Field, policy: Policy) -> bool:
    return schema.accounts is not None and table.name == schema.accounts.table and policy.owner == key.name


def written(policy: Policy) -> str:
    """Write a policy as the literal that src/models has."""
    lines = [f"{action}: [{', '.join(map(_grant, getattr(policy, action)))}]," for action in _ACTIONS]
    members = (("owner", policy.owner), ("team", policy.team), ("inheritedFrom", policy.inherited_from))
    lines += [f"{name}: {quoted(value)}," for name, value in members if value is not None]
    return "{\n" + "".join(f"    {line}\n" for line in lines) + "  }"


def _grant(grant: Grant) -> str:
    members = [f"audience: {quoted(grant.audience.value)}"]
    if grant.roles:
        members.append(f"roles: [{', '.join(map(quoted, grant.roles))}]")
    if grant.when is not None:
        members.append(f"when: {{ field: {quoted(grant.when.field)}, equals: {literal(grant.when.equals)} }}")
    return f"{{ {', '.join(members)} }}"


def written_teams(schema: SchemaModel) -> str:
    """Write where memberships are; `undefined` for a schema without teams."""
    if (teams := schema.teams) is None:
        return "undefined"
    members = (
        ("table", teams.table),
        ("memberships", teams.memberships),
        ("user", teams.user),
        ("team", teams.team),
        ("role", teams.role),
        ("ownerRole", teams.owner_role),
    )
    return "{\n" + "".join(f"  {name}: {quoted(value)},\n" for name, value in members if value is not None) + "}"
