"""The tests of what a description tells: things, their qualities, and how many of one belong to how many of another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.reading import Deed, Relation
from services.scaffold.reading.things import read


def things(text: str) -> list[str]:
    return sorted(read(text).things)


def qualities(text: str, thing: str) -> list[tuple[str, str]]:
    return [(quality.name, quality.kind) for quality in read(text).things[thing].qualities]


def relations(text: str) -> set[tuple[str, str, str]]:
    """Relations as `one > many`, or `one <> many` for many of either; `one - many` for one of either."""
    kinds = ((one, "<>" if one.is_mutual else "-" if one.is_single else ">") for one in read(text).relations)
    return {(one.one, kind, one.many) for one, kind in kinds}


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (
            "An app for beekeepers with hives, inspections and honey harvests",
            ["hives", "honey_harvests", "inspections"],
        ),
        ("Members book classes with trainers and pay monthly dues", ["classes", "dues", "members", "trainers"]),
        ("Attorneys file motions, clerks schedule hearings", ["attorneys", "clerks", "hearings", "motions"]),
        ("wind farm maintenance: turbines, work orders, spare parts", ["spare_parts", "turbines", "work_orders"]),
        ("Boats\n- boats have engines\n- each engine has many parts", ["boats", "engines", "parts"]),
        ("A clinic for birds: owners bring birds", ["birds", "owners"]),
        ("Media files come from a camera", ["cameras", "media_files"]),
        ("We keep track of boats in one place, to see at a glance what is free, and keep it simple", ["boats"]),
        ("A REST API with a GraphQL backend", []),
        ("", []),
    ],
)
def test_what_is_kept_is_named_in_the_words_of_the_description(description: str, expected: list[str]) -> None:
    assert things(description) == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Each hive has many frames", {("hives", ">", "frames")}),
        ("Frames belong to a hive", {("hives", ">", "frames")}),
        ("Trials with sites, subjects and visits", {("trials", ">", name) for name in ("sites", "subjects", "visits")}),
        ("Reviews of books", {("books", ">", "reviews")}),
        ("A job is assigned to one technician", {("technicians", ">", "jobs")}),
        ("Buyers make offers on houses", {("buyers", ">", "offers"), ("houses", ">", "offers")}),
        ("Students attend courses", {("students", "<>", "courses")}),
        ("An actor plays in many films, and a film has many actors", {("actors", "<>", "films")}),
        ("Each round has exactly one motion", {("rounds", "-", "motions")}),
        ("A routes belongs to a sector, a sector to a crag", {("sectors", ">", "routes"), ("crags", ">", "sectors")}),
        (
            "For every patient the nurse writes a handover",
            {("patients", ">", "handovers"), ("nurses", ">", "handovers")},
        ),
        ("Members borrow tools. A loan has a due date", {("members", ">", "loans"), ("tools", ">", "loans")}),
        ("A volunteer takes on a repair", {("volunteers", ">", "repairs")}),
        ("Engineers work on tickets", {("engineers", "<>", "tickets")}),
        ("Foster families care for dogs", {("foster_families", "<>", "dogs")}),
        ("Crew members with a rank, and shifts of a crew member", {("crew_members", ">", "shifts")}),
        ("Admins browse orders", set[tuple[str, str, str]]()),
    ],
)
def test_what_is_said_of_relations_is_told(description: str, expected: set[tuple[str, str, str]]) -> None:
    assert relations(description) == expected


@pytest.mark.parametrize(
    ("description", "thing", "expected"),
    [
        (
            "Inspections have a date, a number of mites, a weight in kilograms, notes and a paid flag",
            "inspections",
            [
                ("date", "date"),
                ("number_of_mites", "integer"),
                ("weight", "number"),
                ("notes", "text"),
                ("paid", "boolean"),
            ],
        ),
        ("Visits with a price and a start time", "visits", [("price", "money"), ("start_time", "datetime")]),
        ("Hive(name, location)", "hives", [("name", "string"), ("location", "string")]),
        ("A report says whether it is urgent. Reports have a title", "reports", [("title", "string")]),
    ],
)
def test_what_is_said_of_the_rows_of_a_table_is_told(
    description: str, thing: str, expected: list[tuple[str, str]]
) -> None:
    assert qualities(description, thing) == expected


@pytest.mark.parametrize(
    "description",
    [
        "Invoices have a status of draft, sent or paid",
        "Invoices have a status (draft, sent, paid)",
        "An invoice is draft, sent or paid",
        "Invoices have a number. The status of an invoice is draft, sent or paid",
        "Invoices with status draft, sent or paid",
    ],
)
def test_all_that_a_quality_may_be_is_told(description: str) -> None:
    status = next(quality for quality in read(description).things["invoices"].qualities if quality.name == "status")

    assert status.values == ("draft", "sent", "paid")


@pytest.mark.parametrize(
    ("description", "bounds"),
    [
        ("Reviews have a score from 1 to 10", {"score": ("1", "10")}),
        (
            "Tasks have a priority of 1 to 5 and a weight between 2 and 7",
            {"priority": ("1", "5"), "weight": ("2", "7")},
        ),
        ("Players have a level from 10 to 1", {"level": None}),
    ],
)
def test_numbers_are_within_what_is_said(description: str, bounds: dict[str, tuple[str, str] | None]) -> None:
    [thing] = read(description).things.values()
    assert {quality.name: quality.bounds for quality in thing.qualities} == bounds


def test_a_quality_is_unique_or_optional_where_that_is_said() -> None:
    text = "Users have a unique email, an optional note and a code (unique)"
    flags = {one.name: (one.is_unique, one.is_optional) for one in read(text).things["users"].qualities}

    assert flags == {"email": (True, False), "note": (False, True), "code": (True, False)}


@pytest.mark.parametrize(
    ("description", "expected", "related"),
    [
        (
            "Una cooperativa: cada finca tiene lotes con peso en kilos, y los lotes pertenecen a un comprador",
            ["compradores", "fincas", "lotes"],
            {("fincas", ">", "lotes"), ("compradores", ">", "lotes")},
        ),
        (
            "Une auto-\u00e9cole : les \u00e9l\u00e8ves ont plusieurs le\u00e7ons avec une date",
            ["eleves", "lecons"],
            {("eleves", ">", "lecons")},
        ),
        (
            "Jeder Sammler hat mehrere Sammlungen, und zu jeder Sammlung geh\u00f6ren Medaillen",
            ["medaillen", "sammler", "sammlungen"],
            {("sammler", ">", "sammlungen"), ("sammlungen", ">", "medaillen")},
        ),
    ],
)
def test_spanish_french_and_german_nouns_keep_their_names(
    description: str, expected: list[str], related: set[tuple[str, str, str]]
) -> None:
    assert things(description) == expected
    assert relations(description) == related


def test_who_does_what_is_told_and_not_what_somebody_may_not_do() -> None:
    reading = read("Judges score entries. Guests can't create entries")

    assert Deed("judges", "score", "entries") in reading.deeds
    assert not any(deed.who == "guests" and deed.verb for deed in reading.deeds)
    assert reading.relations == (Relation("judges", "entries", is_mutual=True),)


WORDS = st.sampled_from(
    sorted(grammar().attributes)
    + sorted(grammar().prepositions | grammar().determiners | grammar().conjunctions | grammar().having)
    + ["hives", "member", "books", "paid", "(", ")", ":", ",", ".", "\n- ", "con", "der", "des", "'s", "is", "1"]
)


@given(st.text() | st.lists(WORDS, max_size=80).map(" ".join))
def test_any_text_is_read_the_same_way_each_time(description: str) -> None:
    reading = read(description)

    assert reading == read(description)
    for relation in reading.relations:
        assert {relation.one, relation.many} <= reading.things.keys()
    assert all(name == thing.name and name[0].isalpha() for name, thing in reading.things.items())
