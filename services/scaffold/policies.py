"""Who may do what to a table of a backend: its policy as the table can keep it, and how that is written."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from msgspec.structs import replace

from services.core.frozen import frozen
from services.designs.schema import Audience, Field, FieldAccess, FieldType, Grant, Policy, SchemaModel, Table
from services.scaffold.identifiers import identifiers
from services.scaffold.literals import literal, quoted

_ACTIONS = ("create", "read", "update", "delete")
_UNFIT = frozenset({FieldType.BOOLEAN, FieldType.JSON, FieldType.FLOAT})
"""What names no user and no team."""


class Setter(Enum):
    """Who sets a field, where it is not any client that may write the record."""

    SERVER = "SERVER"
    CALLER = "CALLER"
    """The server, to whoever sends the request; without authentication, the body."""
    ROLE = "ROLE"
    """Those alone whom a grant to a ROLE lets in."""


@frozen
class Permissions:
    """A table's policy, of which `owner`, `team` and `inherited_from` are fields that the table has.

    A table without a policy, and an action without grants, is closed to everybody.
    """

    policy: Policy
    setters: Mapping[str, Setter]
    fixed: frozenset[str]
    """Fields that keep what they were created with, as far as changes of the record go."""
    changed_by: Mapping[str, str]
    """Of these, those that change otherwise, with what changes them."""
    indexed: tuple[str, ...]
    """Fields that lists are filtered by, for those who may not read all, or that memberships are found by."""
    unique: tuple[tuple[str, ...], ...]
    """What no two records share: an account's login; the user and the team of a membership, by which it is found."""


def permissions(table: Table, schema: SchemaModel, *, fields: Sequence[Field], key: Field) -> Permissions:
    """Return what is allowed in a table whose planned fields are `fields`, all of whose relationships name theirs."""
    fit: set[str | None] = {field.name for field in fields if field.type not in _UNFIT}
    policy = _policy(table, schema, fit)
    membership = _membership(table, schema)
    return Permissions(
        policy=_without_unmet(policy, {field.name for field in fields}),
        setters=MappingProxyType(dict(_setters(table, schema, policy, key))),
        fixed=frozenset(_fixed(table, schema, policy)),
        changed_by=MappingProxyType(dict(_changed_by(table, schema))),
        indexed=(*_indexed(policy), *membership),
        unique=((membership,) if membership else ()) + _login(table, schema),
    )


def _policy(table: Table, schema: SchemaModel, fit: Container[str | None]) -> Policy:
    stated = table.policy or schema.default_policy or Policy()
    return replace(
        stated,
        owner=stated.owner if stated.owner in fit else None,
        team=stated.team if stated.team in fit else None,
        inherited_from=stated.inherited_from if stated.inherited_from in fit else None,
    )


def _without_unmet(policy: Policy, fields: Container[str]) -> Policy:
    """Leave out grants that let in nobody."""
    return replace(policy, **{action: _grants(getattr(policy, action), fields) for action in _ACTIONS})


def _grants(grants: Iterable[Grant], fields: Container[str]) -> tuple[Grant, ...]:
    return tuple(
        grant
        for grant in grants
        if grant.audience is not Audience.NOBODY and (grant.when is None or grant.when.field in fields)
    )


def _setters(table: Table, schema: SchemaModel, policy: Policy, key: Field) -> Iterator[tuple[str, Setter]]:
    inherited = inherited_by(table, schema)
    for field in table.fields:
        if field.access is FieldAccess.READ_ONLY or field.name in inherited:
            yield field.name, Setter.SERVER
        elif field.access is FieldAccess.MANAGED:
            yield field.name, Setter.ROLE
    if policy.owner is not None and _is_callers(table, schema, policy.owner, key):
        owner = next((field for field in table.fields if field.name == policy.owner), key)
        if owner.access is not FieldAccess.MANAGED and owner.name not in inherited:
            yield owner.name, Setter.CALLER


def _is_callers(table: Table, schema: SchemaModel, owner: str, key: Field) -> bool:
    """Whether a new record's owner is whoever makes it: not an account, nor a membership, which names its user."""
    is_account = schema.accounts is not None and table.name == schema.accounts.table and owner == key.name
    return not is_account and not (schema.teams is not None and table.name == schema.teams.memberships)


def inherited_by(table: Table, schema: SchemaModel) -> frozenset[str]:
    """Return the fields that a table's records take from another's: those that the policies of both tables name."""
    policy = table.policy or schema.default_policy or Policy()
    parent = _parent(table, schema)
    if parent is None:
        return frozenset()
    theirs = parent.policy or schema.default_policy or Policy()
    pairs = ((policy.owner, theirs.owner), (policy.team, theirs.team))
    return frozenset(own for own, their in pairs if own is not None and their is not None)


def _parent(table: Table, schema: SchemaModel) -> Table | None:
    reference = (table.policy or schema.default_policy or Policy()).inherited_from
    names = (
        relationship.from_table
        for relationship in schema.relationships
        if relationship.to_table == table.name and relationship.field is not None and relationship.field == reference
    )
    parent = next(names, None)
    return next((other for other in schema.tables if other.name == parent and other.name != table.name), None)


def _fixed(table: Table, schema: SchemaModel, policy: Policy) -> Iterator[str]:
    """Yield what never changes: what is declared so, and what records of other tables took their owner or team from."""
    for field in table.fields:
        if field.access is FieldAccess.IMMUTABLE:
            yield field.name
    yield from (name for name, _ in _changed_by(table, schema))
    yield from _membership(table, schema)
    if any(_parent(child, schema) == table for child in schema.tables):
        yield from (name for name in (policy.owner, policy.team, policy.inherited_from) if name is not None)


def _changed_by(table: Table, schema: SchemaModel) -> Iterator[tuple[str, str]]:
    """Yield what an account changes with its password alone, and where."""
    if schema.accounts is not None and schema.accounts.table == table.name:
        yield schema.accounts.password, "POST /auth/password"
        yield from ((name, "PATCH /auth/user") for name in identifiers(table.fields, schema.accounts))


def _indexed(policy: Policy) -> tuple[str, ...]:
    audiences = {grant.audience for grant in policy.read}
    wanted = [(Audience.OWNER, policy.owner), (Audience.TEAM, policy.team)]
    return tuple(name for audience, name in wanted if audience in audiences and name is not None)


def _login(table: Table, schema: SchemaModel) -> tuple[tuple[str, ...], ...]:
    accounts = schema.accounts
    return ((accounts.login,),) if accounts is not None and accounts.table == table.name else ()


def _membership(table: Table, schema: SchemaModel) -> tuple[str, ...]:
    """Return the fields of a membership that name the user and the team; none where the table holds no memberships."""
    teams = schema.teams
    return (teams.user, teams.team) if teams is not None and teams.memberships == table.name else ()


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
