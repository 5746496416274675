"""The roles of those who sign in, and of the members of teams."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from msgspec import structs

from services.designs.schema import Audience, Field, FieldRules, Grant, Policy, Table
from services.scaffold.vocabulary import Entity

ADMIN: Final = "admin"
MEMBER: Final = "member"
OWNER_ROLE: Final = "owner"
ROLE: Final = "role"


def with_roles(accounts: Table, policies: Iterable[Policy]) -> Table:
    """Return the table of who signs in with the roles that policies name among those that they can have."""
    grants = (grant for policy in policies for grants in _all_grants(policy) for grant in grants)
    named = [role for grant in grants if grant.audience is Audience.ROLE for role in grant.roles]
    fields = (with_values(field, named) if field.name == ROLE else field for field in accounts.fields)
    return structs.replace(accounts, fields=tuple(fields))


def _all_grants(policy: Policy) -> tuple[tuple[Grant, ...], ...]:
    return policy.create, policy.read, policy.update, policy.delete


def with_values(role: Field, named: Iterable[str]) -> Field:
    """Return a field with others among those values that it can have."""
    values = role.rules.values if role.rules else ()
    values = tuple(dict.fromkeys((*values[:1], *(name for name in named if name not in values), *values[1:])))
    return structs.replace(role, rules=FieldRules(values=values))


def with_team_roles(memberships: Entity, said: Iterable[str]) -> Entity:
    """Return memberships with the roles that are said, and of the vocabulary's with those of owners and of anybody."""
    usual = (MEMBER, OWNER_ROLE, ADMIN)
    named = [role for role in dict.fromkeys(said) if role not in usual]
    values = (MEMBER, *named, OWNER_ROLE, *(role for role in said if role == ADMIN))
    role = (
        structs.replace(field, rules=FieldRules(values=values)) if field.name == ROLE else field
        for field in memberships.fields
    )
    return replace(memberships, fields=tuple(role))
