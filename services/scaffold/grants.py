"""How a policy becomes what a description says of it, and whether it is already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import structs

from services.designs.schema import Audience, Grant, Policy, SchemaModel
from services.scaffold.plurals import singular
from services.scaffold.statements import Statement, of_those_who_sign_in

_OUTSIDERS: Final = frozenset({Audience.PUBLIC, Audience.SIGNED_IN})


def as_said(policy: Policy, statements: Iterable[Statement]) -> Policy:
    """Return the policy with what statements say of its table; one that it cannot have is left out."""
    for statement in statements:
        policy = _with(policy, statement) or policy
    return policy


def concerning(statements: Iterable[Statement], table: str, *, memberships: str | None) -> list[Statement]:
    """Return the statements about a table: about all, or one that is called so."""
    return [
        statement
        for statement in statements
        if not statement.tables or any(_is_called(table, name, memberships) for name in statement.tables)
    ]


def is_of_owners(statement: Statement) -> bool:
    return any(grant.audience is Audience.OWNER for grant in statement.grants)


def unmet(schema: SchemaModel, statements: Iterable[Statement]) -> Iterator[tuple[Statement, str]]:
    """Yield the statements that the policies of a schema do not keep, each with why."""
    policies = {table.name: table.policy or schema.default_policy or Policy() for table in schema.tables}
    memberships = schema.teams.memberships if schema.teams else None
    for statement in of_those_who_sign_in(statements, schema.accounts.table if schema.accounts else None):
        told = [name for name in policies if concerning([statement], name, memberships=memberships)]
        if not told:
            yield statement, f"The schema has no table '{statement.tables[0]}'."
        elif names := [name for name in told if not _keeps(policies[name], statement)]:
            yield statement, _why(statement, names, policies)


def _with(policy: Policy, statement: Statement) -> Policy | None:
    """Return the policy with what a statement says; None where its table has nothing to tell whom it means."""
    is_of_team = any(grant.audience is Audience.TEAM for grant in statement.grants)
    if is_of_team and policy.team is None:
        return None
    if is_of_owners(statement) and policy.owner is None and not (statement.is_exclusive and policy.team):
        return None
    grants = {action: _grants(policy, getattr(policy, action), statement) for action in sorted(statement.actions)}
    is_ownerless = is_of_owners(statement) and policy.owner is None
    if "read" not in grants and not statement.is_denied and not is_ownerless:
        grants["read"] = _widened(policy.read, statement.grants)
    return structs.replace(policy, **grants)


def _widened(current: tuple[Grant, ...], said: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return the grants with those of others, who could not write what they do not read."""
    return (*(grant for grant in said if not _is_open_to(grant, current)), *current)


def _grants(policy: Policy, current: tuple[Grant, ...], statement: Statement) -> tuple[Grant, ...]:
    said = statement.grants
    if statement.is_denied:
        return tuple(grant for grant in current if not _is_among(grant, said))
    if statement.is_exclusive:
        if policy.owner is None and any(grant.audience is Audience.OWNER for grant in said):
            return tuple(grant for grant in current if grant.audience not in _OUTSIDERS)
        kept = [grant for grant in current if grant.audience is Audience.ROLE] if statement.spares_roles else []
        return tuple(dict.fromkeys((*said, *kept)))
    return _widened(current, said)


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
    if _with(policies[names[0]], statement) is None:
        whom = "owner" if is_of_owners(statement) else "team"
        return f"Nothing in {tables} names the {whom} of a row."
    return f"The policy of {tables} in the schema says otherwise; it is what the backend goes by."


def _is_called(table: str, name: str, memberships: str | None) -> bool:
    is_of_members = name == "members" and table == memberships
    return table == name or is_of_members or singular(table.rpartition("_")[2]) == singular(name)
