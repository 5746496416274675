"""Tests of what a backend's own tests expect of those who try what they may."""

import re
from collections.abc import Mapping
from functools import cache

import pytest
from msgspec.structs import replace

from services.designs.schema import Audience, Condition, Field, FieldType, Grant, Policy
from services.scaffold.own_tests.files import write_tests
from services.scaffold.plan import plan_tables
from tests.backends.schemas import EVERY_FEATURE, MEMBERS, OWNER, SIGNED_IN, TEAM_OWNERS, forty_tables


@cache
def files() -> dict[str, str]:
    return write_tests(EVERY_FEATURE, plan_tables(EVERY_FEATURE))


def body(table: str, title: str, written: Mapping[str, str] | None = None) -> str:
    """Return the lines of one test."""
    content = (written or files())[f"src/tests/tables/{table}.test.ts"]
    found = re.search(rf"  test\('{title}.*?^  \}}\);$", content, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("users", ["[nobody, 401]", "[someone, 403]", "[owner, 403]", "[admin, 201]"]),
        ("teams", ["[nobody, 401]", "[someone, 201]", "[teamOwner, 201]", "[teamMember, 201]", "[outsider, 201]"]),
        (
            "memberships",
            [
                "[nobody, 401]",
                "[someone, ['teamId']]",
                "[teamOwner, 201]",
                "[teamMember, 403]",
                "[outsider, ['teamId']]",
            ],
        ),
        ("order_items", ["[nobody, 401]", "[someone, ['orderId']]", "[owner, 201]", "[admin, 403]"]),
        ("audit_entries", ["[nobody, 401]", "[someone, 403]"]),
    ],
)
def test_a_row_is_created_by_those_who_may(table: str, expected: list[str]) -> None:
    assert re.findall(r"\[\w+, (?:\d{3}|\[[^]]+\])\]", body(table, "is created by those who may")) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("is open to those who may, where shared is false", {"nobody": "404", "outsider": "404", "owner": "404"}),
        ("is open to those who may, where shared is true", {"nobody": "200", "outsider": "200", "owner": "200"}),
    ],
)
def test_a_row_is_read_as_the_conditions_of_grants_say(title: str, expected: dict[str, str]) -> None:
    found = dict(re.findall(r"\[(\w+), \{ read: (\d{3})", body("notes", title)))

    assert {name: found[name] for name in expected} == expected
    assert found["teamGuest"] == "200"


def test_whoever_deletes_must_own_the_row_or_be_an_owner_of_its_team() -> None:
    found = dict(
        re.findall(
            r"\[(\w+), \{[^}]*delete: (\d{3}) \}\]", body("notes", "is open to those who may, where shared is true")
        )
    )

    assert found == {
        "nobody": "401",
        "someone": "403",
        "owner": "204",
        "teamOwner": "204",
        "teamMember": "403",
        "teamGuest": "403",
        "outsider": "403",
    }


def of_memberships(policy: Policy, *, team: str | None = "teamId") -> Mapping[str, str]:
    """Write the tests of the same schema, whose memberships have another policy."""
    tables = tuple(
        replace(table, policy=replace(policy, owner="userId", team=team)) if table.name == "memberships" else table
        for table in EVERY_FEATURE.tables
    )
    schema = replace(EVERY_FEATURE, tables=tables)
    return write_tests(schema, plan_tables(schema))


def test_whoever_lets_somebody_into_a_team_needs_a_role_in_it_however_open_that_is() -> None:
    written = of_memberships(Policy(create=SIGNED_IN + MEMBERS, read=MEMBERS))

    expected = [
        "[nobody, 401]",
        "[someone, ['teamId']]",
        "[teamMember, 201]",
        "[teamGuest, 201]",
        "[outsider, ['teamId']]",
    ]
    outcomes = r"\[\w+, (?:\d{3}|\[[^]]+\])\]"
    assert re.findall(outcomes, body("memberships", "is created by those who may", written)) == expected
    assert "[teamMember, 403]" in body("memberships", "is created as owner", written)


def test_whose_membership_it_is_ends_it_and_changes_no_role_by_that() -> None:
    written = of_memberships(Policy(read=OWNER, update=OWNER + TEAM_OWNERS, delete=SIGNED_IN))
    told = body("memberships", "is open to those who may", written)

    assert re.findall(r"\[teamMemberOwner, \{ read: 200, change: (\d+), delete: (\d+) \}\]", told) == [("200", "204")]
    assert "[teamOwner, 404]" in body("memberships", "is made guest", written)


def test_members_find_their_own_membership_by_their_team() -> None:
    written = of_memberships(Policy(read=OWNER + TEAM_OWNERS))
    told = body("memberships", "is in no list", written)

    by_user, by_team = re.findall(r"for \(const person of \[(.*?)\]\)", told)
    assert "teamMember" in by_user
    assert "teamMember" not in by_team


def test_what_is_managed_is_set_by_managers_alone() -> None:
    written = body("users", "has what is managed")

    assert "[owner, ['role']]" in written
    assert "[admin, 200]" in written


def test_a_link_is_made_by_those_who_may_change_the_row_that_it_belongs_to() -> None:
    refused = ["[nobody, 401]", "[someone, 404]", "[outsider, 404]"]
    told = body("tasks", "is linked to labels by those who may")
    assert re.findall(r"\[\w+, \d{3}\]", told) == [*refused, *refused]  # of a row that is linked, and of another
    assert "[admin, 404]" in body("labels", "is linked to tasks by those who may")


def test_a_row_refers_to_what_is_of_its_team_where_somebody_is_in_two() -> None:
    told = body("tasks", "refers by parentTaskId to what is of its team")

    assert "const other = await teamOf([[teamMember, 'member']]);" in told
    assert re.search(r"tasks\.refuse\(\s*teamMember,.*parentTaskId: theirs\.id.*\['parentTaskId'\]", told, re.DOTALL)
    assert "to what is of its team" not in files()["src/tests/tables/order_items.test.ts"]


def test_the_last_owner_of_a_team_stays_whoever_may_go() -> None:
    when = Condition("role", "owner")
    own = (Grant(Audience.OWNER), Grant(Audience.OWNER, when=when))
    written = of_memberships(Policy(read=OWNER, delete=own), team=None)

    assert "delete: 204" in body("memberships", "is open to those who may, where role is member", written)
    told = body("memberships", "is open to those who may, where role is owner", written)
    assert re.findall(r"delete: (409|204)", told) == ["409"]


def test_who_makes_a_team_without_owners_has_no_role_to_read_it_by() -> None:
    teams = replace(EVERY_FEATURE.teams, owner_role=None) if EVERY_FEATURE.teams is not None else None
    policy = Policy(create=SIGNED_IN, read=TEAM_OWNERS, team="id")
    tables = [replace(table, policy=policy) if table.name == "teams" else table for table in EVERY_FEATURE.tables]
    schema = replace(EVERY_FEATURE, tables=tuple(tables), teams=teams)
    told = body("teams", "is created, and shows", write_tests(schema, plan_tables(schema)))

    assert "teams.create(" in told
    assert "teams.read(" not in told
    assert "teams.read(" in body("teams", "is created, and shows")


def test_forty_tables_have_fewer_than_a_thousand_tests() -> None:
    schema = forty_tables()
    written = write_tests(schema, plan_tables(schema)).values()

    assert sum(len(re.findall(r"^ *test\(", content, re.MULTILINE)) for content in written) < 1000
    assert max(map(len, written)) < 20_000


def test_nobody_expects_a_new_row_of_what_few_can_be_made_for() -> None:
    first = Field(name="first", type=FieldType.BOOLEAN, unique=True)
    tables = [
        replace(table, fields=(*table.fields, first)) if table.name == "projects" else table
        for table in EVERY_FEATURE.tables
    ]
    schema = replace(EVERY_FEATURE, tables=tuple(tables))

    lost = files().keys() - write_tests(schema, plan_tables(schema)).keys()

    assert {path for path in lost if "/tables/" in path} == {
        "src/tests/tables/projects.test.ts",
        "src/tests/tables/tasks.test.ts",
    }
