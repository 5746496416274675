"""The tests of what no two rows share, and among which rows."""

import pytest

from services.designs.schema import Table
from services.designs.validation import validate
from services.scaffold.schema import derive_schema

_TEAMS = "Users create teams and invite members. "


def table(description: str, name: str) -> Table:
    schema = derive_schema(description)
    assert validate(schema) == []
    return next(one for one in schema.tables if one.name == name)


def unique(of: Table) -> set[tuple[str, ...]]:
    whole = {(field.name,) for field in of.fields if field.unique}
    return whole | {index.fields for index in of.indexes if index.unique}


@pytest.mark.parametrize(
    ("description", "name", "expected"),
    [
        ("Users keep hives. Hives have a unique name", "hives", ("name",)),
        (f"{_TEAMS}Teams have clients with a unique VAT number", "clients", ("vatNumber",)),
        (f"{_TEAMS}Teams have projects with a unique name and a budget", "projects", ("name",)),
        ("Users write recipes with a unique title", "recipes", ("title",)),
    ],
)
def test_what_is_said_to_be_unique_is_so_among_all(description: str, name: str, expected: tuple[str, ...]) -> None:
    assert expected in unique(table(description, name))


@pytest.mark.parametrize(
    ("description", "name", "expected"),
    [
        (f"{_TEAMS}Each team has clients with a name and projects", "clients", ("teamId", "email")),
        (f"{_TEAMS}Each team has projects. Projects have invoices", "invoices", ("teamId", "number")),
    ],
)
def test_what_is_assumed_to_be_unique_is_so_within_a_team(
    description: str, name: str, expected: tuple[str, ...]
) -> None:
    of = table(description, name)

    assert expected in unique(of)
    assert expected[1:] not in unique(of)


@pytest.mark.parametrize(
    "description",
    [
        "Artists play at many concerts. Visitors sign up and write reviews of concerts",
        "Doctors see patients. Nurses register visits of patients",
        "Painters share studios. Visitors sign up and book studios. Painters have a name",
    ],
)
def test_who_does_no_more_than_in_life_is_nobodys_profile(description: str) -> None:
    people = [one for one in derive_schema(description).tables if one.name in {"artists", "doctors", "painters"}]

    assert people
    assert all(("userId",) not in unique(one) for one in people)
