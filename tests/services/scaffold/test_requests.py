"""The tests of what the scaffold says that it does not follow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scaffold.requests import MOST, not_followed, unfollowed_by_files, unfollowed_instruction
from services.scaffold.schema import derive_schema

USERS_AND_TEAMS = "Build a user management API with teams and roles"


def texts(description: str, of: str | None = None) -> list[str]:
    return [one.text for one in not_followed(description, derive_schema(of or description))]


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Use PostgreSQL, argon2, only admins create teams", ["PostgreSQL", "argon2"]),
        ("A shop in Django with Stripe payments and email notifications", ["Django", "Stripe", "email notifications"]),
        ("Chat in real time, with file uploads", ["real time", "file uploads"]),
        ("Members book classes automatically", ["Members book classes automatically"]),
        (
            "A library, and nobody keeps a book for more than 14 days",
            ["and nobody keeps a book for more than 14 days"],
        ),
        (
            "A blog. Only the king's friends may look at drafts of the queen",
            ["Only the king's friends may look at drafts of the queen"],
        ),
        (USERS_AND_TEAMS, []),
        ("A slack clone", []),
        ("A blog with a GraphQL API", []),
        ("A blog with a gRPC and a GraphQL API", ["gRPC"]),
        ("Ruby red roses and square fields for a brewery", ["Ruby"]),
        ("A notes app with dark mode", ["dark mode"]),
        ("Notes with expert level and zoom level", []),
        ("A REST API in TypeScript with Express, DynamoDB, JWT, Docker, scrypt, pagination and rate limits", []),
        ("", []),
    ],
)
def test_what_is_known_not_to_be_done_is_named_in_the_words_of_who_asked(description: str, expected: list[str]) -> None:
    assert texts(description) == expected


@pytest.mark.parametrize(
    "said",
    [
        "only admins create teams",
        "members of a team see its projects",
        "anyone can read posts",
        "Users can only edit their own posts",
        "private notes",
        "Nobody can delete invoices",
        "moderators can delete comments",
        "customers may not see each other's orders",
    ],
)
def test_who_may_do_what_is_followed_by_the_schema_of_the_sentence(said: str) -> None:
    domain = "Teams of users have projects, posts, notes, invoices, comments, customers and orders"

    assert texts(f"{domain}. {said}") == []


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Transactions of users. Amounts must be positive", ["Amounts must be positive"]),
        (
            "Invoices; every invoice number must be unique per customer",
            ["every invoice number must be unique per customer"],
        ),
        ("A school. Grades are between 1 and 6", ["Grades are between 1 and 6"]),
        ("Users with age over 18 and phone numbers", ["Users with age over 18 and phone numbers"]),
        ("Users, e-mail verified at sign up", ["verified"]),
        ("Chat app with messages, end-to-end encrypted", ["end-to-end encrypted"]),
        ("Products. The price must include VAT", ["The price must include VAT"]),
        ("Use tabs, camelCase files and no comments. Products", ["Use tabs", "camelCase files and no comments"]),
        ("Products. Please answer XML", ["XML"]),
        ("Users and projects, rate limit sign-in to 3 attempts", ["rate limit sign-in to 3 attempts"]),
        ("Products with weight and a barcode", []),
        ("A quiz app that shuffles the questions", ["shuffles"]),
        ("A library. Send a letter to whoever is late", ["whoever is late"]),
        ("An API for sensors. Data older than 90 days is deleted", ["Data older than 90 days is deleted"]),
        (
            "Eine App für Bücher mit Mitgliedern. Nur Administratoren dürfen Bücher löschen",
            ["Nur Administratoren dürfen Bücher löschen"],
        ),
        ("Приложение для учёта книг и читателей", ["Приложение для учёта книг и читателей"]),
        ("博客文章评论", []),
    ],
)
def test_what_nothing_came_of_is_told_as_it_stands_there(description: str, expected: list[str]) -> None:
    assert texts(description) == expected


@pytest.mark.parametrize(
    "description",
    [
        "Build an app for a bike repair shop with customers, bikes, repairs and invoices",
        "A platform where local farmers sell vegetables and households place weekly orders",
        "Keep track of my vinyl collection: albums, artists and labels",
        "We run a small dance studio and need classes, instructors, students and enrollments",
        "Customers order cakes from a small bakery",
        "I want to organize a book club: members, books, meetings and votes",
        "A weather station network that stores sensors and readings",
        "REST API for a museum: exhibitions, artworks, artists, visitors and guided tours",
        "Keep a register of people and their addresses",
        "A charity that collects donations from donors for campaigns",
        "A job board where companies publish vacancies and candidates apply",
        "An archive of old maps with places, periods and scans",
    ],
)
def test_what_a_description_is_of_and_whom_it_is_for_is_not_told(description: str) -> None:
    assert texts(description) == []


def test_who_may_do_what_is_not_followed_where_the_schema_says_otherwise() -> None:
    assert texts("only admins create teams", of=USERS_AND_TEAMS) == ["only admins create teams"]
    assert texts("only admins create teams", of=f"{USERS_AND_TEAMS}. Only admins create teams") == []
    assert texts("anyone can read invoices", of=USERS_AND_TEAMS) == ["anyone can read invoices"]
    assert texts("only the author changes teams", of=USERS_AND_TEAMS) == []


def test_a_rule_is_looked_up_by_the_name_of_a_table_or_by_what_it_is_like() -> None:
    of = "Shoppers place orders of goods"

    assert texts("Only admins create goods", of=of) == []
    assert texts("Only admins create products", of=of) == []
    assert texts("Anyone can create products", of=of) == ["Anyone can create products"]
    assert texts("Only admins create castles", of=of) == ["Only admins create castles"]


def test_graphql_is_not_followed_where_the_schema_says_otherwise() -> None:
    assert texts("A blog with a GraphQL API", of="A blog") == ["GraphQL API"]
    assert texts("A blog about GraphQL", of="A blog") == []
    served = derive_schema("A blog by REST and GraphQL")
    assert unfollowed_by_files("Use GraphQL", served) == []
    assert [one.text for one in unfollowed_by_files("Use GraphQL", derive_schema("A blog"))] == ["GraphQL"]
    assert unfollowed_instruction("Use GraphQL", served) == []


def test_an_instruction_is_not_followed_but_for_what_the_schema_says() -> None:
    schema = derive_schema("Users and teams. Only admins create teams")
    instruction = "Use tabs, and only admins create teams. Rename email to mail, use bcrypt"

    unfollowed = unfollowed_instruction(instruction, schema)

    assert [one.text for one in unfollowed] == ["Use tabs", "Rename email to mail", "bcrypt"]
    assert {one.reason for one in unfollowed if one.text != "bcrypt"} == {
        "The scaffold follows no instruction: it writes what the schema says. Change the schema, or the files."
    }


def test_a_prompt_for_code_that_says_how_to_write_it_is_not_followed() -> None:
    schema = derive_schema(USERS_AND_TEAMS)

    unfollowed = unfollowed_by_files("Use snake_case. Add comments to every function. Add teams", schema)

    assert [one.text for one in unfollowed] == ["Use snake_case", "Add comments to every function"]


@given(st.text(max_size=400), st.sampled_from([USERS_AND_TEAMS, "rockets"]))
def test_any_text_is_looked_at_within_bounds(text: str, described: str) -> None:
    schema = derive_schema(described)

    for unfollowed in (not_followed(text, schema), unfollowed_instruction(text, schema)):
        assert len(unfollowed) <= MOST
        assert all(one.text and len(one.text) <= 200 and one.reason.endswith((".", ")")) for one in unfollowed)


def test_a_long_text_takes_no_long_time() -> None:
    text = "only admins can , " * 20_000 + "PostgreSQL " * 1000

    assert [one.text for one in not_followed(text, derive_schema("users"))][:1] == ["only admins can"]
