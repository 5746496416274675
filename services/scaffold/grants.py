"""How a policy becomes what a description says of it, and whether it is already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import structs

from services.designs.schema import Audience, Grant, Policy, SchemaModel
from services.scaffold.naming import concept_of
from services.scaffold.principals import ADMIN, TEAM_MANAGERS
from services.scaffold.statement_forms import Statement
from services.scaffold.statements import of_tables, of_those_who_sign_in

_ADMINS: Final = (Grant(Audience.ROLE, (ADMIN,)),)
_OUTSIDERS: Final = frozenset({Audience.PUBLIC, Audience.SIGNED_IN})


def as_said(policy: Policy, statements: Iterable[Statement]) -> Policy:
    """Return the policy with what statements say of its table; one that it cannot have is left out."""
    for statement in statements:
        policy = _with(policy, statement) or (_closed(policy, statement) if statement.is_restriction else policy)
    return policy


def concerned(statement: Statement, schema: SchemaModel) -> list[str]:
    """Name the tables of a schema that a statement is about."""
    concepts = {table.name: concept_of(table.name) for table in schema.tables}
    about = of_tables(statement, concepts, memberships=schema.teams.memberships if schema.teams else None)
    return [] if about is None else [name for name in concepts if is_about(about, name)]


def is_about(statement: Statement, table: str) -> bool:
    """Whether a statement with the names of tables is about one: all of them, or this."""
    return not statement.tables or table in statement.tables


def is_of_owners(statement: Statement) -> bool:
    return any(grant.audience is Audience.OWNER for grant in statement.grants)


def unmet(schema: SchemaModel, statements: Iterable[Statement]) -> Iterator[tuple[Statement, str]]:
    """Yield the statements that the policies of a schema do not keep, each with why."""
    policies = {table.name: table.policy or schema.default_policy or Policy() for table in schema.tables}
    concepts = {name: concept_of(name) for name in policies}
    for statement in of_those_who_sign_in(statements, schema.accounts.table if schema.accounts else None, concepts):
        told = concerned(statement, schema)
        if not told:
            yield statement, f"The schema has no table '{statement.tables[0]}'."
        elif names := [name for name in told if not _keeps(policies[name], statement)]:
            yield statement, _why(statement, names, policies)
        elif names := [name for name in told if _keeps_out_more(policies[name], statement)]:
            yield statement, f"A policy has no exceptions, so that nobody but an admin does this to {', '.join(names)}."


def _with(policy: Policy, statement: Statement) -> Policy | None:
    """Return the policy with what a statement says; None where its table has nothing to tell whom it means."""
    if statement.is_closing:
        return _closed(policy, statement)
    is_of_team = any(grant.audience is Audience.TEAM for grant in statement.grants)
    if is_of_team and policy.team is None:
        return None
    if is_of_owners(statement) and policy.owner is None and not (statement.is_exclusive and policy.team):
        return None
    if statement.is_denied and not _can_keep_out(policy, statement):
        return None
    grants = {action: _grants(policy, action, statement) for action in sorted(statement.actions)}
    is_ownerless = is_of_owners(statement) and policy.owner is None
    if "read" not in grants and not statement.is_denied and not is_ownerless:
        grants["read"] = _widened(policy.read, statement.grants)
    return structs.replace(policy, **grants)


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


def _widened(current: tuple[Grant, ...], said: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return the grants with those of others, who could not write what they do not read."""
    return (*(grant for grant in said if not _is_open_to(grant, current)), *current)


def _grants(policy: Policy, action: str, statement: Statement) -> tuple[Grant, ...]:
    current: tuple[Grant, ...] = getattr(policy, action)
    said = statement.grants
    if statement.is_denied and any(grant.audience is Audience.PUBLIC for grant in said):
        return tuple(dict.fromkeys(_of_signed_in(grant) for grant in current))
    if statement.is_denied:
        return tuple(grant for grant in current if not _is_among(grant, said))
    if statement.is_exclusive:
        if policy.owner is None and any(grant.audience is Audience.OWNER for grant in said):
            return tuple(grant for grant in current if grant.audience not in _OUTSIDERS)
        if action in {"update", "delete"} and said == (Grant(Audience.SIGNED_IN),) and not statement.is_of_any:
            return tuple(dict.fromkeys(_of_signed_in(grant) for grant in current))
        kept = [grant for grant in current if grant.audience is Audience.ROLE] if statement.spares_roles else []
        return tuple(dict.fromkeys((*said, *kept)))
    return _widened(current, said)


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
        or (other.audience is grant.audience and set(grant.roles) <= set(other.roles))
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
    if _with(policies[names[0]], statement) is None:
        whom = "owner" if is_of_owners(statement) else "team"
        return f"Nothing in {tables} names the {whom} of a row."
    return f"The policy of {tables} in the schema says otherwise; it is what the backend goes by."
