"""The tests of what is for members of a team with one of its roles, whatever a team and its roles are called."""

import pytest

from services.designs.schema import FieldAccess, SchemaModel
from services.designs.validation import validate
from services.scaffold.requests import not_followed
from services.scaffold.schema import derive_schema
from tests.services.scaffold.rights.in_words import rights

_AGENCY = (
    "Users create teams and invite members with the role owner, manager or member. Each team has clients with a name, "
    "and projects with a budget. Members log hours on projects with a rate. "
)
_CASES = "Organizations have members with the roles lead and analyst. Organizations have cases with a title. "
_CLUB = (
    "Users sign in and belong to clubs with the roles owner, treasurer and member. Each club has boats and expenses "
    "with an amount. "
)


def roles(schema: SchemaModel, table: str) -> tuple[str, ...]:
    fields = next(one.fields for one in schema.tables if one.name == table)
    rules = next(field.rules for field in fields if field.name == "role")
    return rules.values if rules is not None else ()


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        (f"{_AGENCY}Only owners of a team can delete its clients", "clients", "TEAM / TEAM / TEAM / TEAM(owner)"),
        (f"{_AGENCY}Managers can edit projects", "projects", "TEAM / TEAM / TEAM(manager owner) / TEAM(owner)"),
        (f"{_AGENCY}Only managers can edit projects", "projects", "TEAM / TEAM / TEAM(manager) / TEAM(owner)"),
        (f"{_AGENCY}Members can edit projects", "projects", "TEAM / TEAM / TEAM / TEAM(owner)"),
        (_AGENCY, "hours", "TEAM / TEAM / TEAM / TEAM(owner)"),
        (f"{_CLUB}Treasurers can create expenses", "expenses", "TEAM(treasurer owner) / TEAM / TEAM / TEAM(owner)"),
        (f"{_CLUB}Only owners can delete boats", "boats", "TEAM / TEAM / TEAM / TEAM(owner)"),
        (
            f"{_CASES}Analysts file reports on cases",
            "reports",
            "TEAM(analyst owner) / TEAM / TEAM / TEAM(owner)",
        ),
        (
            "Teams have members with the roles owner, admin and cook. Teams have tasks. Only admins can delete tasks",
            "tasks",
            "TEAM / TEAM / TEAM / TEAM(admin)",
        ),
        (
            "Teams have members with the roles editor and reader. Teams have articles. Readers can only read articles",
            "articles",
            "TEAM(owner) / TEAM / OWNER / OWNER, TEAM(owner)",
        ),
    ],
)
def test_a_role_of_a_teams_members_is_meant_of_rows_of_the_team(description: str, table: str, expected: str) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert rights(schema)[table] == expected
    assert roles(schema, "users") == ("user", "admin")


def test_what_members_make_of_a_teams_rows_is_the_teams_by_those() -> None:
    schema = derive_schema(_AGENCY)
    policy = next(table.policy for table in schema.tables if table.name == "hours")

    assert policy is not None
    assert (policy.team, policy.inherited_from, policy.owner) == ("teamId", "projectId", "userId")


def test_what_some_members_make_is_theirs_in_the_team() -> None:
    schema = derive_schema(f"{_CASES}Analysts file reports on cases")
    fields = next(table.fields for table in schema.tables if table.name == "reports")

    assert next(field.access for field in fields if field.name == "userId") is FieldAccess.READ_ONLY


def test_a_role_that_users_are_said_to_have_is_of_all_teams() -> None:
    schema = derive_schema(
        "Users have the role manager or clerk. Teams have members with the role lead or helper. Teams have tasks with "
        "a title. Managers can delete tasks"
    )

    assert rights(schema)["tasks"].endswith("ROLE(manager), TEAM(owner)")


def test_admins_are_those_of_all_where_a_team_is_not_said_to_have_any() -> None:
    schema = derive_schema(f"{_AGENCY}Only admins can delete projects")

    assert rights(schema)["projects"].endswith("/ ROLE(admin)")


@pytest.mark.parametrize(
    ("description", "team", "memberships", "roles_there"),
    [
        (_CLUB, "clubs", "memberships", ("member", "treasurer", "owner")),
        ("Users are in bands with the roles leader and drummer", "bands", "memberships", ("leader", "drummer")),
        ("Users join crews with the roles captain and sailor", "crews", "memberships", ("captain", "sailor")),
        ("Users join guilds as an officer or a recruit", "guilds", "memberships", ("officer", "recruit")),
        ("Users are members of choirs as conductor or singer", "choirs", "memberships", ("conductor", "singer")),
        ("Members belong to clubs. Members have the role coach or player", "clubs", "members", ("coach", "player")),
        (
            "Users create labs and invite members as chemist or guest. Labs have members",
            "labs",
            "members",
            ("chemist",),
        ),
    ],
)
def test_what_people_belong_to_with_roles_has_them_as_members(
    description: str, team: str, memberships: str, roles_there: tuple[str, ...]
) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert schema.teams is not None
    assert (schema.teams.table, schema.teams.memberships) == (team, memberships)
    assert set(roles_there) <= set(roles(schema, memberships))
    assert roles(schema, "users") == ("user", "admin")


def test_what_people_belong_to_without_roles_is_one_that_they_are_in() -> None:
    assert derive_schema("Users belong to clubs. Users have the role clerk or boss").teams is None


def test_a_role_is_told_where_no_row_says_in_which_team() -> None:
    description = f"{_CLUB}Users keep diaries. Only treasurers can delete diaries"
    told = not_followed(description, derive_schema(description))

    assert "Only treasurers can delete diaries" in [one.text for one in told]
