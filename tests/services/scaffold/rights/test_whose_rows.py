"""The tests of whose rows a right is about: all, one's own, or those that their owner shows."""

import pytest

from services.designs.schema import FieldAccess, OnDelete, SchemaModel
from services.designs.validation import validate
from services.scaffold.requests import not_followed
from services.scaffold.schema import derive_schema
from tests.services.scaffold.rights.in_words import rights

_OWN = "OWNER, ROLE(admin)"


def readers(schema: SchemaModel, table: str) -> str:
    return rights(schema)[table].split(" / ")[1]


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("Accountants make invoices for customers. Invoices are read-only for customers", "invoices", _OWN),
        ("Lawyers write contracts for clients. Contracts are visible to clients", "contracts", _OWN),
        ("Lawyers write contracts for clients. Clients can read contracts", "contracts", _OWN),
        ("Teachers give grades to students. Grades are visible to students", "grades", _OWN),
        ("Teachers give grades to students. Grades are visible to all students", "grades", f"ROLE(student), {_OWN}"),
        ("Customers have invoices. Invoices are visible to moderators", "invoices", f"ROLE(moderator), {_OWN}"),
    ],
)
def test_those_whom_rows_are_about_read_their_own(description: str, table: str, expected: str) -> None:
    assert readers(derive_schema(description), table) == expected


def test_what_is_nobodys_is_read_by_all_whom_it_is_for() -> None:
    assert readers(derive_schema("Customers and lamps. Lamps are visible to customers"), "lamps") == "SIGNED_IN"


def test_where_nothing_tells_whose_a_row_is_that_is_told() -> None:
    description = "Lawyers write contracts for clients. Contracts are visible to clients"
    told = not_followed(description, derive_schema(description))

    assert [one.text for one in told] == ["Contracts are visible to clients"]
    assert told[0].reason.startswith("No client signs in")


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("Users keep diaries. Public diaries are visible to anyone", "diaries", "PUBLIC when isPublic is True, OWNER"),
        ("Users keep notes. Public notes can be seen by everyone", "notes", "PUBLIC when isPublic is True, OWNER"),
        ("Users keep notes. Public notes are visible to all users", "notes", "SIGNED_IN when isPublic is True, OWNER"),
    ],
)
def test_public_rows_are_those_that_their_owner_shows(description: str, table: str, expected: str) -> None:
    schema = derive_schema(description)
    fields = next(one.fields for one in schema.tables if one.name == table)

    assert readers(schema, table) == expected
    assert next(field.default_value for field in fields if field.name == "isPublic") is False
    assert validate(schema) == []
    assert not_followed(description, schema) == []


def test_parts_of_what_is_shown_are_not_shown_with_it() -> None:
    schema = derive_schema("Users keep playlists with songs. Public playlists are visible to anyone")

    assert readers(schema, "playlist_songs") == "OWNER"


def test_whoever_makes_rows_reads_what_they_refer_to() -> None:
    schema = derive_schema("Patients have prescriptions. Only doctors write prescriptions")

    assert readers(schema, "patients") == f"ROLE(doctor), {_OWN}"


def test_who_may_read_is_as_it_is_said_for_those_who_make_what_refers_to_it() -> None:
    said = "Patients have prescriptions. Only doctors write prescriptions. Only nurses can read patients"

    assert "doctor" not in readers(derive_schema(said), "patients")


def test_nothing_that_nobody_may_delete_goes_with_another() -> None:
    free = derive_schema("Patients have prescriptions")
    kept = derive_schema("Patients have prescriptions. Nobody can delete prescriptions")

    assert [one.on_delete for one in free.relationships] == [OnDelete.CASCADE]
    assert [one.on_delete for one in kept.relationships] == [OnDelete.RESTRICT]


def test_what_is_said_of_a_row_is_read_by_no_more_than_that() -> None:
    assert readers(derive_schema("Authors write documents of a team"), "documents") == _OWN


def test_what_people_earn_and_how_they_are_rated_is_not_theirs_to_set() -> None:
    [players] = derive_schema("Players sign up. A player has a nickname, a number of coins and a rank").tables
    access = {field.name: field.access for field in players.fields}
    assert (access["nickname"], access["numberOfCoins"], access["rank"]) == (
        FieldAccess.READ_WRITE,
        FieldAccess.MANAGED,
        FieldAccess.MANAGED,
    )


_TEACHER = "ROLE(teacher), ROLE(admin)"


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        (
            "Teachers give grades to students. Students see their grades",
            "grades",
            f"{_TEACHER} / ROLE(teacher), {_OWN} / {_TEACHER} / ROLE(admin)",
        ),
        ("Doctors write prescriptions for patients", "prescriptions", f"SIGNED_IN / {_OWN} / {_OWN} / {_OWN}"),
        (
            "Doctors write prescriptions for patients",
            "patients",
            "ROLE(admin) / SIGNED_IN, ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        (
            "Visitors buy tickets for an exhibition. Curators write condition reports",
            "condition_reports",
            f"ROLE(curator), ROLE(admin) / ROLE(curator), {_OWN} / ROLE(curator), {_OWN} / {_OWN}",
        ),
        (
            "Customers place orders. Dispatchers create routes",
            "routes",
            "ROLE(dispatcher), ROLE(admin) / ROLE(dispatcher), ROLE(admin) / ROLE(admin) / ROLE(admin)",
        ),
        ("Customers book rooms. Receptionists greet customers", "rooms", None),
    ],
)
def test_people_make_what_they_are_said_to_make_of_others(description: str, table: str, expected: str | None) -> None:
    told = rights(derive_schema(description))
    assert told[table] == expected if expected else not any("receptionist" in one for one in told.values())


_VETS = "Pet owners book appointments with a vet. Vets write treatments after an appointment"


@pytest.mark.parametrize(
    ("description", "table", "expected"),
    [
        ("Only patients book appointments with doctors", "appointments", _OWN),
        ("Patients book appointments with doctors. Doctors cancel appointments", "patients", _OWN),
        (_VETS, "vets", "SIGNED_IN"),
        (_VETS, "treatments", _OWN),
    ],
)
def test_whoever_makes_their_own_reads_what_it_is_with_and_nothing_of_others(
    description: str, table: str, expected: str
) -> None:
    assert readers(derive_schema(description), table) == expected


@pytest.mark.parametrize(
    "description",
    [
        "Users, members and plots. Only members can see plots",
        "Users and members. Plots have a size. Only members see plots",
    ],
)
def test_where_some_users_alone_are_members_what_is_for_members_is_not_for_all(description: str) -> None:
    assert readers(derive_schema(description), "plots").startswith("ROLE(member)")


def test_what_has_members_with_roles_is_a_team() -> None:
    schema = derive_schema(
        "Gardens have members with the roles coordinator and gardener. Users see gardens, but only members can see "
        "the plots. Plots of a garden have a size"
    )
    [role] = [field for table in schema.tables if table.name == "members" for field in table.fields if field.rules]

    assert validate(schema) == []
    assert schema.teams is not None
    assert (schema.teams.table, schema.teams.memberships) == ("gardens", "members")
    assert readers(schema, "plots") == "TEAM"
    assert role.rules is not None
    assert {"coordinator", "gardener", "owner"} <= set(role.rules.values)
