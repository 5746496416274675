"""What accounts and teams promise: the tables and fields that they name are there, and fit what they are for."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.designs.schema import (
    Accounts,
    Field,
    FieldAccess,
    FieldRules,
    FieldType,
    Index,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
    Teams,
)
from services.designs.validation import validate

T = FieldType
KEY = Field(name="id", type=T.STRING, primary_key=True)


def text(name: str, **more: Any) -> Field:
    return Field(name=name, type=T.STRING, **more)


HASHED = {"secrecy": Secrecy.HASHED}
USERS = Table(
    name="users",
    fields=(
        KEY,
        text("email", unique=True),
        text("password", **HASHED),
        text("role", access=FieldAccess.READ_ONLY, default_value="user"),
        text("name"),
        text("alias", unique=True, nullable=True),
        text("pin", secrecy=Secrecy.SEALED),
        text("oldPassword", nullable=True, **HASHED),
        text("code", unique=True, access=FieldAccess.READ_ONLY, default_value="x"),
        text("set", access=FieldAccess.MANAGED, nullable=True, **HASHED),
        Field(name="age", type=T.INTEGER, unique=True),
    ),
)
ACCOUNTS = Accounts(table="users", login="email", password="password", role="role")


def accounted(**other: Any) -> list[str]:
    """Return the places of the faults of accounts that say something else."""
    schema = SchemaModel(tables=(USERS, Table(name="a", fields=(KEY,))), accounts=replace(ACCOUNTS, **other))
    return [".".join(fault.field).removeprefix("accounts.") for fault in validate(schema)]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({}, []),
        ({"role": None, "sign_up": False}, []),
        ({"table": "people"}, ["table"]),
        ({"table": "a"}, ["login", "password", "role"]),
        ({"login": "missing"}, ["login"]),
        ({"login": "name"}, ["login"]),
        ({"login": "alias"}, ["login"]),
        ({"login": "age"}, ["login"]),
        ({"login": "code"}, ["login"]),
        ({"login": "pin"}, ["login", "login"]),
        ({"login": "id"}, []),
        ({"password": "missing"}, ["password"]),
        ({"password": "name"}, ["password"]),
        ({"password": "pin"}, ["password"]),
        ({"password": "oldPassword"}, ["password"]),
        ({"password": "set"}, ["password"]),
        ({"role": "missing"}, ["role"]),
        ({"role": "age"}, ["role", "role"]),
        ({"role": "name"}, ["role"]),
        ({"role": "password"}, ["role", "role"]),
        ({"role": "email"}, ["role", "login"]),
    ],
)
def test_accounts_are_of_fields_that_can_be_what_they_are_for(other: dict[str, Any], found: list[str]) -> None:
    assert accounted(**other) == found


TEAMS = Table(name="teams", fields=(KEY, text("name")))
MEMBERSHIPS = Table(
    name="memberships",
    fields=(
        KEY,
        text("userId"),
        text("teamId"),
        text("role", default_value="member", rules=FieldRules(values=("owner", "member"))),
        text("inviterId", nullable=True),
        Field(name="number", type=T.INTEGER, nullable=True),
    ),
    indexes=(Index(name="once", fields=("teamId", "userId"), unique=True),),
)
MANY = RelationshipType.ONE_TO_MANY
LINKS = (
    Relationship(from_table="users", to_table="memberships", type=MANY, field="userId"),
    Relationship(from_table="teams", to_table="memberships", type=MANY, field="teamId"),
)
GROUPED = Teams(table="teams", memberships="memberships", user="userId", team="teamId", role="role", owner_role="owner")


def grouped(*links: Relationship, tables: tuple[Table, ...] = (USERS, TEAMS, MEMBERSHIPS), **other: Any) -> list[str]:
    schema = SchemaModel(
        tables=tables, relationships=links or LINKS, accounts=ACCOUNTS, teams=replace(GROUPED, **other)
    )
    return [".".join(fault.field).removeprefix("teams.") for fault in validate(schema)]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({}, []),
        ({"role": None, "owner_role": None}, []),
        ({"owner_role": None}, []),
        ({"table": "groups"}, ["table"]),
        ({"memberships": "members"}, ["memberships"]),
        ({"table": "groups", "memberships": "members"}, ["table", "memberships"]),
        ({"memberships": "teams"}, ["memberships", "team", "user", "memberships", "role"]),
        ({"user": "missing"}, ["user", "memberships"]),
        ({"user": "inviterId"}, ["user", "memberships"]),
        ({"user": "number"}, ["user", "user", "memberships"]),
        ({"team": "userId"}, ["team", "team", "memberships"]),
        ({"role": "number"}, ["role"]),
        ({"role": "missing"}, ["role"]),
        ({"role": None}, ["ownerRole"]),
        ({"owner_role": "boss"}, ["ownerRole"]),
    ],
)
def test_teams_are_of_tables_that_say_who_is_in_which(other: dict[str, Any], found: list[str]) -> None:
    assert grouped(**other) == found


def test_a_membership_refers_to_its_user_and_its_team_by_relationships() -> None:
    unnamed = tuple(replace(link, field=None) for link in LINKS)

    assert grouped(*unnamed) == []
    assert grouped(LINKS[0]) == ["team"]
    assert grouped(LINKS[1]) == ["user"]


def test_nobody_is_in_a_team_twice() -> None:
    assert grouped(tables=(USERS, TEAMS, replace(MEMBERSHIPS, indexes=()))) == ["memberships"]


def test_users_whom_only_tokens_know_are_members_by_what_their_tokens_say() -> None:
    schema = SchemaModel(tables=(TEAMS, MEMBERSHIPS), relationships=LINKS[1:], teams=GROUPED)

    assert validate(schema) == []
    assert [fault.field for fault in validate(replace(schema, teams=replace(GROUPED, user="number")))] == [
        ("teams", "user"),
        ("teams", "memberships"),
    ]


def test_a_policy_of_a_team_needs_the_teams() -> None:
    schema = SchemaModel(tables=(replace(TEAMS, policy=Policy(team="id")),))

    assert [fault.field for fault in validate(schema)] == [("tables", "0", "policy", "team")]


@pytest.mark.parametrize(
    ("field", "other", "found"),
    [
        (text("inviterId"), {}, ["memberships"]),
        (text("inviterId", default_value="nobody"), {}, []),
        (text("role"), {"owner_role": "owner"}, []),
        (text("role"), {"owner_role": None}, ["memberships"]),
        (text("role", nullable=True), {"owner_role": None}, []),
        (Field(name="createdAt", type=T.DATETIME), {}, []),
    ],
)
def test_whoever_makes_a_team_is_in_it_by_a_row_that_lacks_nothing(
    field: Field, other: dict[str, Any], found: list[str]
) -> None:
    fields = (*(each for each in MEMBERSHIPS.fields if each.name != field.name), field)

    assert grouped(tables=(USERS, TEAMS, replace(MEMBERSHIPS, fields=fields)), **other) == found
