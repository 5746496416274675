"""Tests of which parts a description says that a backend has, and of what is drawn of them."""

import pytest

from services.designs.architecture import validate
from services.scaffold.architecture import derive_architecture
from services.scaffold.backend import write_backend
from services.scaffold.requests import not_followed, unfollowed_by_files
from services.scaffold.schema import derive_schema

OWN = {"CLIENT", "API", "TABLE"}


def drawn(description: str) -> dict[str, list[tuple[str, str]]]:
    """Return the parts that are drawn beside the tables, each with what leads to it: `BUCKET Photos`."""
    architecture = derive_architecture("Shop", derive_schema(description), description)
    names = {node.id: node.name for node in architecture.nodes}
    return {
        f"{node.kind.name} {node.name}": [
            (names[edge.from_node], edge.label) for edge in architecture.edges if edge.to_node == node.id
        ]
        for node in architecture.nodes
        if node.kind.name not in OWN and node.id != "identity"
    }


@pytest.mark.parametrize(
    ("description", "parts"),
    [
        ("Members upload photos of tools.", {"BUCKET Photos": [("Shop API", "keeps files")]}),
        ("Scans of the fossils are kept in S3.", {"BUCKET Scans": [("Shop API", "keeps files")]}),
        (
            "A message waits in a queue for every kite that is registered, and a function mails the owner.",
            {
                "QUEUE Kites created": [("Shop API", "kites created")],
                "FUNCTION Mails the owner": [("Kites created", "calls")],
            },
        ),
        (
            "Shipments go to ports. When a shipment is updated, a message goes into a queue.",
            {"QUEUE Shipments updated": [("Shop API", "shipments updated")]},
        ),
        ("Every reading is published on a topic.", {"TOPIC Readings created": [("Shop API", "readings created")]}),
        ("Gauges take readings. Readings are cached.", {"CACHE Readings": [("Shop API", "keeps copies")]}),
        ("Warnings come from the weather service's API.", {"EXTERNAL Weather service": [("Shop API", "calls")]}),
        ("Visitors pay with Stripe.", {"EXTERNAL Stripe": [("Shop API", "calls")]}),
        ("A reminder goes out every morning for tools that are due.", {"FUNCTION Reminder goes out": []}),
        ("Invoices are generated in the background.", {"QUEUE Invoices created": [("Shop API", "invoices created")]}),
    ],
)
def test_what_is_said_in_so_many_words_is_drawn(description: str, parts: dict[str, list[tuple[str, str]]]) -> None:
    assert drawn(description) == parts


@pytest.mark.parametrize(
    "description",
    [
        "A clinic: patients wait in a queue, and doctors see patients every Monday.",
        "Geocaching: hiders hide caches, finders log finds in a cache.",
        "A REST API for a blog. An API with posts and comments.",
        "A gym has classes every Monday; members pay weekly.",
        "A forum: topics have posts, and posts are published to a topic.",
        "Organisers publish events about a topic",
        "Buckets of paint are sold in shops. A bucket has a colour.",
        "",
    ],
)
def test_what_is_said_of_the_world_is_no_part(description: str) -> None:
    assert drawn(description) == {}


def test_what_is_said_of_parts_is_no_table() -> None:
    description = "Members own kites. A message waits in a queue for every kite, and a lambda mails members."

    assert {table.name for table in derive_schema(description).tables} == {"members", "kites"}


def test_at_most_ten_parts_are_drawn() -> None:
    assert len(drawn(" ".join(f"The w{number} service's API is called." for number in range(20)))) == 10


@pytest.mark.parametrize(
    "text",
    [
        "Members upload photos\u202e of \x07 tools. The x\u200by API is called. A function that \x00 mails.",
        "a function - ",
        "The API's API; the a API",
        "a lambda every day",
        "upload " * 3000,
        "cached redis, a function, the z API, " * 500,
    ],
)
def test_what_is_drawn_of_any_text_is_valid(text: str) -> None:
    assert validate(derive_architecture("Shop", None, text)) == []


def test_what_an_architecture_has_is_not_told_as_not_followed() -> None:
    description = "Members own kites. Members upload photos of kites to a bucket. Redis keeps copies. File uploads."
    schema = derive_schema(description)
    architecture = derive_architecture("Kites", schema, description)

    before = {one.text for one in not_followed(description, schema)}
    after = {one.text for one in unfollowed_by_files(description, schema, architecture)}
    readme = write_backend(project_name="Kites", description=description, schema=schema, architecture=architecture)

    assert before - after >= {"Redis", "upload photos", "File uploads"}
    assert after == set()
    assert "does not do" not in readme["README.md"]
