"""Whether what a schema says of its users and its teams holds together: the tables and fields where they are."""

from collections.abc import Iterator
from typing import Final

from services.core.errors import Fault
from services.designs.keys import Holder, field_of, holder_faults, of_rows, relations_of
from services.designs.names import shown
from services.designs.rules import Place
from services.designs.schema import Accounts, FieldAccess, FieldType, SchemaModel, Secrecy, Table, Teams

SET_BY_BACKENDS: Final = frozenset({"createdAt", "updatedAt", "created_at", "updated_at"})
"""The times of a row."""

_NOT_THEIRS: Final = frozenset({FieldAccess.READ_ONLY, FieldAccess.MANAGED})
"""What users do not set themselves."""


def account_faults(schema: SchemaModel, accounts: Accounts) -> Iterator[Fault]:
    """Yield what is wrong with the accounts, each at its place."""
    at = ("accounts",)
    table = table_of(schema, accounts.table)
    if table is None:
        yield Fault(f"The table of accounts '{shown(accounts.table)}' does not exist.", (*at, "table"))
        return
    yield from _login(table, accounts.login, (*at, "login"))
    yield from _password(table, accounts.password, (*at, "password"))
    if accounts.role is not None:
        yield from _account_role(table, accounts.role, (*at, "role"))
    if accounts.login in {accounts.password, accounts.role}:
        yield Fault("The login, the password and the role are three fields.", (*at, "login"))


def team_faults(schema: SchemaModel, teams: Teams) -> Iterator[Fault]:
    """Yield what is wrong with the teams, each at its place."""
    at = ("teams",)
    group, memberships = table_of(schema, teams.table), table_of(schema, teams.memberships)
    if group is None:
        yield Fault(f"The table of teams '{shown(teams.table)}' does not exist.", (*at, "table"))
    if memberships is None:
        message = f"The table of memberships '{shown(teams.memberships)}' does not exist."
        yield Fault(message, (*at, "memberships"))
    if group is None or memberships is None:
        return
    if group is memberships:
        yield Fault("Teams and memberships are two tables.", (*at, "memberships"))
    users = None if schema.accounts is None else table_of(schema, schema.accounts.table)
    faults = [
        *_member(schema, memberships, teams.team, of_rows("team", group), (*at, "team")),
        *_member(schema, memberships, teams.user, of_rows("user", users), (*at, "user")),
        *_once(memberships, teams, (*at, "memberships")),
        *_team_role(memberships, teams, at),
    ]
    yield from faults or _first_member(memberships, teams, (*at, "memberships"))


def table_of(schema: SchemaModel, name: str) -> Table | None:
    return next((table for table in schema.tables if table.name == name), None)


def _text_field(table: Table, name: str, what: str, at: Place) -> Iterator[Fault]:
    field = field_of(table, name)
    if field is None:
        yield Fault(f"The {what} '{shown(name)}' is no field of '{table.name}'.", at)
    elif field.type is not FieldType.STRING or field.secrecy is not None:
        yield Fault(f"The {what} '{table.name}.{name}' is a STRING that is no secret.", at)


def _login(table: Table, name: str, at: Place) -> Iterator[Fault]:
    yield from _text_field(table, name, "login", at)
    field = field_of(table, name)
    if field is None:
        return
    alone = any(index.unique and index.fields == (name,) for index in table.indexes)
    if field.nullable or not (field.unique or field.primary_key or alone):
        yield Fault(f"Users sign in with '{table.name}.{name}', so it is unique and not null.", at)
    if field.access in _NOT_THEIRS:
        yield Fault(f"Users sign up with '{table.name}.{name}', so it is theirs to set, not {field.access.value}.", at)


def _password(table: Table, name: str, at: Place) -> Iterator[Fault]:
    field = field_of(table, name)
    if field is None:
        yield Fault(f"The password '{shown(name)}' is no field of '{table.name}'.", at)
    elif field.secrecy is not Secrecy.HASHED or field.nullable:
        yield Fault(f"The password '{table.name}.{name}' has the secrecy HASHED and is not null.", at)
    elif field.access in _NOT_THEIRS:
        yield Fault(f"Users choose '{table.name}.{name}', so it is theirs to set, not {field.access.value}.", at)


def _account_role(table: Table, name: str, at: Place) -> Iterator[Fault]:
    yield from _text_field(table, name, "role", at)
    field = field_of(table, name)
    if field is not None and field.access not in _NOT_THEIRS:
        message = f"Whoever may set '{table.name}.{name}' has every role: its access is MANAGED or READ_ONLY."
        yield Fault(message, at)


def _member(schema: SchemaModel, memberships: Table, name: str, holder: Holder, at: Place) -> Iterator[Fault]:
    yield from holder_faults(schema, memberships, name, holder, at)
    if holder.table is None or field_of(memberships, name) is None:
        return
    unnamed = [each for each in schema.relationships if each.to_table == memberships.name and each.field is None]
    relations = [*relations_of(schema, memberships, name), *unnamed]
    if all(relation.from_table != holder.table.name for relation in relations):
        message = (
            f"'{memberships.name}.{name}' needs a relationship from '{holder.table.name}' that has it as its field."
        )
        yield Fault(message, at)


def _once(memberships: Table, teams: Teams, at: Place) -> Iterator[Fault]:
    pair = {teams.user, teams.team}
    if not any(index.unique and set(index.fields) == pair for index in memberships.indexes):
        message = (
            f"Nobody is in a team twice: give '{memberships.name}' a unique index over '{shown(teams.team)}' and"
            f" '{shown(teams.user)}'."
        )
        yield Fault(message, at)


def _team_role(memberships: Table, teams: Teams, at: Place) -> Iterator[Fault]:
    if teams.owner_role is not None and teams.role is None:
        yield Fault("ownerRole needs role: the field of a membership that has it.", (*at, "ownerRole"))
    if teams.role is None:
        return
    yield from _text_field(memberships, teams.role, "role", (*at, "role"))
    field = field_of(memberships, teams.role)
    values = field.rules.values if field is not None and field.rules is not None else ()
    if teams.owner_role is not None and values and teams.owner_role not in values:
        message = f"'{shown(teams.owner_role)}' is none of the values of '{memberships.name}.{teams.role}'."
        yield Fault(message, (*at, "ownerRole"))


def _first_member(memberships: Table, teams: Teams, at: Place) -> Iterator[Fault]:
    """Yield the fields that keep whoever makes a team from being in it: nobody says more of that membership."""
    said = {teams.user, teams.team, teams.role if teams.owner_role is not None else None} | SET_BY_BACKENDS
    for field in memberships.fields:
        if not (field.name in said or field.primary_key or field.nullable or field.default_value is not None):
            message = (
                f"Whoever makes a team is in it from then on, and nobody says what '{memberships.name}.{field.name}' is"
                " then: give it a default, or let it be null."
            )
            yield Fault(message, at)
