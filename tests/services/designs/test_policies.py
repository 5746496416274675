"""What policies promise: whom they let in can be, whose a row is can be known, and each fault is named at its place."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.designs.schema import (
    Accounts,
    Audience,
    Condition,
    Field,
    FieldAccess,
    FieldRules,
    FieldType,
    Grant,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
    Teams,
)
from services.designs.validation import validate
from tests.backends.schemas import EVERY_FEATURE, VERSIONS, forty_tables

T = FieldType
KEY = Field(name="id", type=T.STRING, primary_key=True)


def grants(*audiences: Audience) -> tuple[Grant, ...]:
    return tuple(Grant(audience=audience) for audience in audiences)


OWNER, TEAM, SIGNED_IN = grants(Audience.OWNER), grants(Audience.TEAM), grants(Audience.SIGNED_IN)
PUBLIC, NOBODY = grants(Audience.PUBLIC), grants(Audience.NOBODY)


def role(*names: str, of: Audience = Audience.ROLE) -> tuple[Grant, ...]:
    return (Grant(audience=of, roles=names),)


def text(name: str, **more: Any) -> Field:
    return Field(name=name, type=T.STRING, **more)


def places(schema: SchemaModel) -> list[str]:
    return [".".join(fault.field) for fault in validate(schema)]


@pytest.mark.parametrize("schema", [EVERY_FEATURE, forty_tables(), *VERSIONS])
def test_the_schemas_that_backends_are_tested_with_are_good(schema: SchemaModel) -> None:
    assert validate(schema) == []


def notes(policy: Policy, *fields: Field, **more: Any) -> SchemaModel:
    """Return a schema of notes with an owner, its type text, whose users only tokens know."""
    columns = (KEY, text("userId"), Field(name="number", type=T.INTEGER), text("apiKey", secrecy=Secrecy.SEALED))
    return SchemaModel(tables=(Table(name="notes", fields=(*columns, *fields), policy=policy),), **more)


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        (Policy(), []),
        (Policy(read=PUBLIC, create=SIGNED_IN, update=NOBODY, delete=role("admin", "staff")), []),
        (Policy(create=OWNER, read=OWNER + role("admin"), owner="userId"), []),
        (Policy(read=OWNER), ["read.0.audience"]),
        (Policy(delete=PUBLIC + OWNER), ["delete.1.audience"]),
        (Policy(create=TEAM), ["create.0.audience"]),
        (Policy(create=TEAM, team="userId"), ["team"]),
        (Policy(create=role()), ["create.0.roles"]),
        (Policy(create=role("admin", of=Audience.PUBLIC)), ["create.0.roles"]),
        (Policy(create=role("admin", of=Audience.SIGNED_IN)), ["create.0.roles"]),
        (Policy(create=role("", "x" * 64, "admin")), ["create.0.roles.0", "create.0.roles.1"]),
        (Policy(create=role(*map(str, range(21)))), ["create.0.roles"]),
        (Policy(update=NOBODY + SIGNED_IN), ["update"]),
        (Policy(update=SIGNED_IN * 11), ["update"]),
        (Policy(owner="missing"), ["owner"]),
        (Policy(owner="number"), ["owner"]),
        (Policy(owner="apiKey"), ["owner"]),
        (Policy(create=PUBLIC, owner="userId"), ["owner"]),
        (Policy(owner="userId", inherited_from="userId"), ["inheritedFrom"]),
        (Policy(inherited_from="userId"), ["inheritedFrom", "inheritedFrom"]),
    ],
)
def test_a_policy_says_what_can_be(policy: Policy, found: list[str]) -> None:
    assert places(notes(policy)) == [f"tables.0.policy.{place}" for place in found]
    assert places(replace(notes(policy), tables=(replace(notes(policy).tables[0], policy=None),))) == []


def when(field: str, *, equals: str | bool) -> tuple[Grant, ...]:
    return (Grant(audience=Audience.PUBLIC, when=Condition(field=field, equals=equals)),)


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        (Policy(read=when("isPublic", equals=True) + SIGNED_IN, update=when("state", equals="published")), []),
        (Policy(delete=when("userId", equals="")), []),
        (Policy(create=when("isPublic", equals=True)), ["create.0.when"]),
        (Policy(read=(replace(NOBODY[0], when=Condition(field="state", equals="draft")),)), ["read.0.when"]),
        (Policy(read=when("missing", equals="x")), ["read.0.when.field"]),
        (Policy(read=when("number", equals="1")), ["read.0.when.field"]),
        (Policy(read=when("apiKey", equals="x")), ["read.0.when.field"]),
        (Policy(read=when("isPublic", equals="true")), ["read.0.when.equals"]),
        (Policy(read=when("state", equals=True)), ["read.0.when.equals"]),
        (Policy(read=SIGNED_IN + when("state", equals="gone")), ["read.1.when.equals"]),
    ],
)
def test_a_condition_is_one_that_rows_can_meet(policy: Policy, found: list[str]) -> None:
    fields = (
        Field(name="isPublic", type=T.BOOLEAN),
        text("state", rules=FieldRules(values=("draft", "published"))),
    )

    assert places(notes(policy, *fields)) == [f"tables.0.policy.{place}" for place in found]


def test_whoever_is_not_signed_in_may_make_what_need_not_have_an_owner() -> None:
    assert places(notes(Policy(create=PUBLIC, owner="author"), text("author", nullable=True))) == []


def test_the_default_policy_is_judged_for_the_tables_that_have_none() -> None:
    own, other = Table(name="a", fields=(KEY,), policy=Policy()), Table(name="b", fields=(KEY, text("userId")))
    default = Policy(read=OWNER, owner="userId")

    assert places(SchemaModel(tables=(own, other), default_policy=default)) == []
    assert places(SchemaModel(tables=(replace(own, policy=None), other), default_policy=default)) == [
        "defaultPolicy.owner"
    ]
    assert places(SchemaModel(tables=(own,), default_policy=Policy(read=TEAM))) == ["defaultPolicy.read.0.audience"]


def test_what_is_inherited_is_there_to_be_inherited() -> None:
    items = Table(
        name="items",
        fields=(KEY, text("orderId"), text("userId", access=FieldAccess.READ_ONLY), text("giftId", nullable=True)),
        policy=Policy(read=OWNER, owner="userId", inherited_from="orderId"),
    )
    orders = Table(name="orders", fields=(KEY, text("userId")), policy=Policy(read=OWNER, owner="userId"))
    of_order, of_gift = related("orders", "items", "orderId"), related("orders", "items", "giftId")
    bare = replace(orders, policy=None)

    def judged(items: Table, orders: Table = orders, *relations: Relationship) -> list[str]:
        return places(SchemaModel(tables=(orders, items), relationships=relations))

    of_a_gift = replace(items, policy=Policy(owner="userId", inherited_from="giftId"))
    assert judged(items, orders, of_order) == []
    assert judged(items, orders) == ["tables.1.policy.inheritedFrom"]
    assert judged(items, bare, of_order) == ["tables.1.policy.inheritedFrom"]
    assert judged(of_a_gift, orders, of_gift) == ["tables.1.policy.inheritedFrom"]


def related(parent: str, child: str, field: str | None) -> Relationship:
    return Relationship(from_table=parent, to_table=child, type=RelationshipType.ONE_TO_MANY, field=field)


def with_policy(name: str, policy: Policy, **more: Any) -> list[str]:
    """Return the places of the faults that another policy of a table makes, within it."""
    tables = tuple(replace(table, policy=policy) if table.name == name else table for table in EVERY_FEATURE.tables)
    number = next(nth for nth, table in enumerate(tables) if table.name == name)
    found = places(replace(EVERY_FEATURE, tables=tables, **more))
    return [place.removeprefix(f"tables.{number}.policy.") for place in found]


def test_roles_are_those_that_a_user_or_a_member_can_have() -> None:
    accounts = Accounts(table="users", login="email", password="password")
    teams = Teams(table="teams", memberships="memberships", user="userId", team="teamId")

    assert with_policy("labels", Policy(create=role("admin"))) == []
    assert with_policy("labels", Policy(create=role("admin", "root"))) == ["create.0.roles.1"]
    assert with_policy("labels", Policy(create=role("owner"))) == ["create.0.roles.0"]
    assert "tables.7.policy.create.0.audience" in places(replace(EVERY_FEATURE, accounts=accounts))
    assert with_policy("projects", Policy(read=role("guest", of=Audience.TEAM), team="teamId")) == []
    assert with_policy("projects", Policy(read=role("admin", of=Audience.TEAM), team="teamId")) == ["read.0.roles.0"]
    assert "tables.4.policy.delete.0.roles" in places(replace(EVERY_FEATURE, teams=teams))


def test_an_owner_is_a_user_and_a_team_a_team() -> None:
    assert with_policy("profiles", Policy(read=OWNER, owner="bio")) == ["owner"]
    assert with_policy("tasks", Policy(read=OWNER, owner="assigneeId")) == ["tables.5.fields.4.access"]
    assert with_policy("order_items", Policy(owner="isbn", inherited_from="orderId")) == [
        "owner",
        "tables.9.fields.2.access",
    ]
    assert with_policy("projects", Policy(read=TEAM, team="slug")) == []
    assert with_policy("tasks", Policy(read=TEAM, team="projectId")) == ["team", "tables.5.fields.4.access"]
    assert with_policy("teams", Policy(read=TEAM, team="name")) == ["team"]
    assert with_policy("memberships", Policy(read=TEAM, team="userId")) == ["team", "team"]
    assert with_policy("labels", Policy(read=TEAM, team="id")) == ["team"]


def test_a_refused_value_is_said_with_those_that_there_are() -> None:
    rules = FieldRules(values=("user", "admin"))
    users = Table(
        name="users",
        fields=(
            KEY,
            text("email", unique=True),
            text("password", secrecy=Secrecy.HASHED),
            text("role", access=FieldAccess.MANAGED, default_value="user", rules=rules),
        ),
        policy=Policy(delete=role("root")),
    )
    accounts = Accounts(table="users", login="email", password="password", role="role")

    (fault,) = validate(SchemaModel(tables=(users,), accounts=accounts))

    assert fault.message == "'root' is no role: the values of 'users.role' are user, admin."
