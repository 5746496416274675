"""The tests of what a description says of all that an app is about: `only admins change the catalogue`."""

import pytest

from services.designs.schema import SchemaModel
from services.designs.validation import validate
from services.scaffold.requests import not_followed
from services.scaffold.schema import derive_schema
from tests.services.scaffold.rights.in_words import rights

_FESTIVAL = (
    "A festival programme with a public website. Artists play at many concerts and concerts have many artists. A "
    "concert has a title and takes place on a stage. Stages have a unique name. "
)
_VISITORS = " Visitors sign up, bookmark concerts and write reviews of concerts."
_MUSEUM = "A museum catalogue. Exhibits have a title and stand in halls. Halls have a name and a floor. "


def of(schema: SchemaModel, *tables: str) -> set[str]:
    return {rights(schema)[table] for table in tables}


@pytest.mark.parametrize(
    ("description", "tables", "role"),
    [
        (
            f"{_FESTIVAL}Anyone can read the programme, only admins change it.{_VISITORS}",
            ("artists", "concerts", "stages", "artist_concerts"),
            "admin",
        ),
        (
            f"{_FESTIVAL}Only admins can edit the website.{_VISITORS}",
            ("artists", "concerts", "stages", "artist_concerts"),
            "admin",
        ),
        (
            f"{_MUSEUM}Anyone can browse the catalogue, only curators manage it. Visitors sign up and write comments.",
            ("exhibits", "halls"),
            "curator",
        ),
        (
            f"{_MUSEUM}The catalogue can only be changed by editors. Visitors sign up and write comments on exhibits.",
            ("exhibits", "halls"),
            "editor",
        ),
    ],
)
def test_who_alone_changes_a_whole_makes_changes_and_deletes_all_of_it(
    description: str, tables: tuple[str, ...], role: str
) -> None:
    schema = derive_schema(description)

    assert validate(schema) == []
    assert of(schema, *tables) == {f"ROLE({role}) / PUBLIC / ROLE({role}) / ROLE({role})"}


def test_what_visitors_make_is_no_part_of_the_whole() -> None:
    schema = derive_schema(f"{_FESTIVAL}Only admins change the programme.{_VISITORS}")

    assert of(schema, "reviews") == {"SIGNED_IN / PUBLIC / OWNER, ROLE(admin) / OWNER, ROLE(admin)"}
    assert of(schema, "bookmarks") == {"SIGNED_IN / OWNER / OWNER / OWNER"}


def test_what_is_said_of_a_whole_is_followed() -> None:
    description = f"{_FESTIVAL}Anyone can read the programme, only admins change it."
    told = not_followed(description, derive_schema(description))

    assert not [one.text for one in told if "programme" in one.text or "change" in one.text]


def test_what_is_called_as_a_whole_is_and_is_a_table_is_that_table() -> None:
    schema = derive_schema("Users keep collections and stamps. Only admins delete collections")

    assert rights(schema)["collections"].endswith("/ ROLE(admin)")
    assert not rights(schema)["stamps"].endswith("/ ROLE(admin)")
