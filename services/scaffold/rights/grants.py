"""How a policy becomes what a description says of it, and whether it is already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import structs

from services.designs.schema import Audience, Condition, Grant, Policy, RelationshipType, SchemaModel
from services.scaffold.naming import concept_of
from services.scaffold.principals import TEAM_MANAGERS
from services.scaffold.rights.field_rights import unmet_of_fields
from services.scaffold.rights.statement import Statement
from services.scaffold.rights.statements import Rules, of_tables, of_those_who_sign_in
from services.scaffold.rights.subjects import joined
from services.scaffold.rights.team_roles import of_some_members, without_members
from services.scaffold.rights.wholes import whole_of
from services.scaffold.rights.wording import WHOLE
from services.scaffold.roles import ADMIN

_ACTIONS: Final = ("create", "read", "update", "delete")
_ADMINS: Final = (Grant(Audience.ROLE, (ADMIN,)),)
_SIGNED_IN: Final = (Grant(Audience.SIGNED_IN),)
_OUTSIDERS: Final = frozenset({Audience.PUBLIC, Audience.SIGNED_IN})
_CHANGES: Final = ("update", "delete")
"""What nobody may do to the rows of others who may not even add one, unless it is said."""


def as_said(policy: Policy, statements: Iterable[Statement]) -> Policy:
    """Return the policy with what statements say of its table; one that it cannot have is left out.

    Whoever may not create a row may not change or delete one that is not theirs, unless a statement says so.
    """
    told = list(statements)
    unsaid, policy = _unsaid(told), of_some_members(policy, told)
    for statement in told:
        policy = _with(policy, statement) or (_closed(policy, statement) if statement.is_restriction else policy)
        if statement.is_restriction and "create" in statement.actions:
            policy = structs.replace(policy, **{action: _narrowed(policy, action, statement) for action in unsaid})
    return policy


def opened_by(statements: Iterable[Statement]) -> Policy:
    """Return the policy of a table of which nothing is known but statements: those do it of whom they are.

    What no statement is about, whoever signs in does.
    """
    told = list(statements)
    some = [one for one in told if one.grants and one.tables and not one.is_restriction and not _is_of_outsiders(one)]
    policy = Policy(create=_SIGNED_IN, read=_SIGNED_IN, update=_SIGNED_IN, delete=_SIGNED_IN)
    policy = structs.replace(policy, **{action: _ADMINS for one in some for action in one.actions})
    makers = tuple(grant for one in some if "create" in one.actions for grant in one.grants)
    unsaid = _unsaid(told) if makers else []
    return structs.replace(policy, **dict.fromkeys(unsaid, (*makers, *_ADMINS)))


def _unsaid(statements: Sequence[Statement]) -> list[str]:
    """Return what is done to rows there are, and nothing is said of."""
    return [action for action in _CHANGES if not any(action in statement.actions for statement in statements)]


def _is_of_outsiders(statement: Statement) -> bool:
    return any(grant.audience in _OUTSIDERS for grant in statement.grants)


def concerned(statement: Statement, schema: SchemaModel) -> list[str]:
    """Name the tables of a schema that a statement is about."""
    concepts = {table.name: concept_of(table.name) for table in schema.tables}
    memberships = schema.teams.memberships if schema.teams else None
    about = of_tables(statement, concepts, memberships=memberships, whole=whole_of(schema))
    return [] if about is None else [name for name in concepts if is_about(about, name)]


def is_about(statement: Statement, table: str) -> bool:
    """Whether a statement with the names of tables is about one: all of them, or this."""
    return not statement.tables or table in statement.tables


def is_of_owners(statement: Statement) -> bool:
    return any(grant.audience is Audience.OWNER for grant in statement.grants)


def unmet(schema: SchemaModel, statements: Iterable[Statement]) -> Iterator[tuple[Statement, str]]:
    """Yield the statements that the policies of a schema do not keep, each with why."""
    policies = _policies(schema)
    for statement in _meant(statements, schema):
        told = concerned(statement, schema)
        if (why := unmet_of_fields(statement, schema)) is not None:
            yield statement, why
        elif not told and statement.fields:
            continue
        elif not told:
            yield statement, _lacking(statement)
        elif statement.is_of_served and schema.accounts is None:
            continue  # they are whose token a row is
        elif names := [name for name in told if not _keeps(policies[name], statement)]:
            yield statement, _why(statement, names, policies)
        elif names := [name for name in told if _keeps_out_more(policies[name], statement)]:
            yield statement, f"A policy has no exceptions, so that nobody but an admin does this to {', '.join(names)}."


def _lacking(statement: Statement) -> str:
    is_whole = WHOLE in statement.tables
    return "Nothing tells of which tables this is." if is_whole else f"The schema has no table '{statement.tables[0]}'."


def said_rights(rules: Rules, schema: SchemaModel) -> frozenset[tuple[str, str]]:
    """Return the tables and actions of which a description says who may, and the schema says the same."""
    policies = _policies(schema)
    kept = _meant(rules.statements, schema)
    pairs = ((name, one) for one in kept for name in concerned(one, schema) if _keeps(policies[name], one))
    usual = ((name, one) for one in rules.usual for name in (concerned(one, schema) if one.tables else ()))
    return frozenset((name, action) for name, one in (*pairs, *usual) for action in one.actions)


def _policies(schema: SchemaModel) -> dict[str, Policy]:
    return {table.name: table.policy or schema.default_policy or Policy() for table in schema.tables}


def _meant(statements: Iterable[Statement], schema: SchemaModel) -> list[Statement]:
    concepts = {table.name: concept_of(table.name) for table in schema.tables}
    accounts = schema.accounts.table if schema.accounts else None
    single = [one for one in schema.relationships if one.type is RelationshipType.ONE_TO_ONE]
    profiles = [one.to_table for one in single if one.from_table == accounts]
    memberships = schema.teams.memberships if schema.teams else None
    return of_those_who_sign_in(statements, accounts, concepts, profiles, memberships)


def _with(policy: Policy, statement: Statement) -> Policy | None:
    """Return the policy with what a statement says; None where its table has nothing to tell whom it means."""
    if statement.is_closing:
        return _closed(policy, statement)
    is_of_team = any(grant.audience is Audience.TEAM for grant in statement.grants)
    if is_of_team and policy.team is None:
        return None
    if is_of_owners(statement) and policy.owner is None and not (statement.is_exclusive and policy.team):
        return None
    if _is_of_their_own(policy, statement):
        return None if any(grant.audience is Audience.ROLE for grant in statement.grants) else policy
    if statement.is_denied and not _can_keep_out(policy, statement):
        return None
    grants = {action: _grants(policy, action, statement) for action in sorted(statement.actions)}
    is_ownerless = is_of_owners(statement) and policy.owner is None
    is_of_all = all(grant.audience is Audience.SIGNED_IN for grant in statement.grants)
    is_created = statement.actions == frozenset({"create"}) and (is_of_all or not statement.is_exclusive)
    is_own = is_created and _is_of_makers(policy)
    if "read" not in grants and not (statement.is_denied or is_ownerless or is_own):
        grants["read"] = widened(policy.read, statement.grants)
    return structs.replace(policy, **grants)


def _is_of_their_own(policy: Policy, statement: Statement) -> bool:
    """Whether people who read rows read those that are theirs alone, who are none of those with a role."""
    is_closed = policy.owner is not None and not any(grant.audience in _OUTSIDERS for grant in policy.read)
    return statement.is_of_served and is_closed


def _is_of_makers(policy: Policy) -> bool:
    """Whether whoever makes a row owns it, and so reads what they have made."""
    makers = {Audience.PUBLIC, Audience.SIGNED_IN, Audience.OWNER}
    return policy.owner is not None and any(grant.audience in makers for grant in policy.create)


def _can_keep_out(policy: Policy, statement: Statement) -> bool:
    """Whether those who are kept out are not among others who are let in: a policy names no exceptions."""
    current = [grant for action in statement.actions for grant in getattr(policy, action)]
    is_open = any(grant.audience in _OUTSIDERS for grant in current)
    return not is_open or all(grant.audience in _OUTSIDERS for grant in statement.grants)


def _keeps_out_more(policy: Policy, statement: Statement) -> bool:
    """Whether all but admins are kept out for the sake of a role."""
    is_of_role = statement.is_denied and all(grant.audience is Audience.ROLE for grant in statement.grants)
    return is_of_role and any(getattr(policy, action) == _ADMINS for action in statement.actions)


def _closed(policy: Policy, statement: Statement) -> Policy:
    """Return the policy with what a statement is about closed to all but owners, teams' owners, and staff."""
    return structs.replace(
        policy, **{action: _closed_grants(policy, action, statement) for action in sorted(statement.actions)}
    )


def _closed_grants(policy: Policy, action: str, statement: Statement) -> tuple[Grant, ...]:
    current: tuple[Grant, ...] = getattr(policy, action)
    spoken_of = {role for grant in statement.grants for role in grant.roles} - {ADMIN}
    owner = (Grant(Audience.OWNER),) if policy.owner is not None and action != "create" else ()
    kept: list[Grant] = []
    for grant in current:
        if grant.audience is Audience.ROLE and not spoken_of.isdisjoint(grant.roles):
            roles = tuple(role for role in grant.roles if role not in spoken_of)
            kept += [Grant(Audience.ROLE, roles)] if roles else []
        elif grant.audience is Audience.TEAM:
            kept.append(Grant(Audience.TEAM, grant.roles or TEAM_MANAGERS))
        else:
            kept += owner if grant.audience in _OUTSIDERS else [grant]
    return tuple(dict.fromkeys(kept)) or (_ADMINS if current else ())


def _narrowed(policy: Policy, action: str, statement: Statement) -> tuple[Grant, ...]:
    """Return the grants of what is done to rows without those who may not create one."""
    current: tuple[Grant, ...] = getattr(policy, action)
    if statement.is_denied and all(grant.audience is Audience.PUBLIC for grant in statement.grants):
        return tuple(dict.fromkeys(_of_signed_in(grant) for grant in current))
    if not statement.is_exclusive:
        return _closed_grants(policy, action, statement)
    said = statement.grants or _ADMINS
    owner = (Grant(Audience.OWNER),) if policy.owner is not None else ()
    kept: list[Grant] = []
    for grant in current:
        is_wide = grant.audience in _OUTSIDERS or (grant.audience is Audience.TEAM and not grant.roles)
        kept += (*owner, *said) if is_wide and not _is_open_to(grant, said) else (grant,)
    return tuple(dict.fromkeys(kept))


def widened(current: tuple[Grant, ...], said: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return the grants with those of others; what is shown once it is published is shown to strangers then, too."""
    shown = next((grant.when for grant in current if grant.audience in _OUTSIDERS and grant.when is not None), None)
    added = [grant for grant in said if not _is_open_to(grant, current)]
    shown_to = (_where(grant, shown) if grant.audience is Audience.PUBLIC else grant for grant in added)
    return joined((*shown_to, *current))


def _where(grant: Grant, condition: Condition | None) -> Grant:
    return structs.replace(grant, when=condition or grant.when)


def _grants(policy: Policy, action: str, statement: Statement) -> tuple[Grant, ...]:
    current: tuple[Grant, ...] = getattr(policy, action)
    said = statement.grants
    if statement.is_denied and any(grant.audience is Audience.PUBLIC for grant in said):
        return tuple(dict.fromkeys(_of_signed_in(grant) for grant in current))
    if statement.is_denied:
        current = without_members(current, said)
        return tuple(grant for grant in current if not _is_among(grant, said)) or (_ADMINS if current else ())
    if statement.is_exclusive:
        if policy.owner is None and any(grant.audience is Audience.OWNER for grant in said):
            return tuple(grant for grant in current if grant.audience not in _OUTSIDERS)
        if action in {"update", "delete"} and said == (Grant(Audience.SIGNED_IN),) and not statement.is_of_any:
            return tuple(dict.fromkeys(_of_signed_in(grant) for grant in current))
        kept = [grant for grant in current if grant.audience is Audience.ROLE] if statement.spares_roles else []
        return tuple(dict.fromkeys((*said, *kept)))
    return widened(current, said)


def _of_signed_in(grant: Grant) -> Grant:
    """Return a grant without those who are not signed in."""
    return structs.replace(grant, audience=Audience.SIGNED_IN) if grant.audience is Audience.PUBLIC else grant


def _is_among(grant: Grant, denied: Sequence[Grant]) -> bool:
    """Whether a grant lets in those who are kept out; users are all but those with a role."""
    if any(other.audience in _OUTSIDERS for other in denied):
        return grant.audience is not Audience.ROLE
    return any(other.audience is grant.audience and set(grant.roles) <= set(other.roles) for other in denied)


def _is_open_to(grant: Grant, current: Sequence[Grant]) -> bool:
    """Whether those whom a grant means are let in already, be it to some rows as what is published."""
    return any(
        other.audience is Audience.PUBLIC
        or (other.audience is Audience.SIGNED_IN and grant.audience is not Audience.PUBLIC)
        or (other.audience is grant.audience and bool(grant.roles) and set(grant.roles) <= set(other.roles))
        or (other.audience is grant.audience is Audience.OWNER)
        or (other.audience is Audience.TEAM and grant.audience is Audience.TEAM and not other.roles)
        for other in current
    )


def _keeps(policy: Policy, statement: Statement) -> bool:
    with_said = _with(policy, statement)
    return with_said is not None and all(
        set(getattr(with_said, action)) == set(getattr(policy, action)) for action in (*statement.actions, "read")
    )


def _why(statement: Statement, names: Sequence[str], policies: Mapping[str, Policy]) -> str:
    tables = ", ".join(names)
    if statement.is_denied and not _can_keep_out(policies[names[0]], statement):
        return f"A policy lets people in and has no exceptions, so that {tables} is as the schema says."
    if _is_of_their_own(policies[names[0]], statement):
        whose = " or ".join(role for grant in statement.grants for role in grant.roles)
        return f"No {whose} signs in, so that nothing tells which rows of {tables} are theirs."
    if _with(policies[names[0]], statement) is None:
        return f"Nothing in {tables} names the {'owner' if is_of_owners(statement) else 'team'} of a row."
    return f"The policy of {tables} in the schema says otherwise; it is what the backend goes by."
