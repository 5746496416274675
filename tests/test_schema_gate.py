"""What the gate of the schema calls breaking, and where it wants that said."""

import pytest

from tests.schema_gate import breaking, unsaid

BEFORE = """
type Query { a: Int! b: E c(x: Int): Field } enum E { X Y } type Field { id: ID name: String } input I { a: Int }
union U = Field | Query type Mutation { m(i: I): Gone } type Gone { id: ID }
"""
CHANGES = {
    "type Query { a: Int b: E c(x: Int): Field }": "`Query.a`",
    "type Query { a: Int! b: E c(x: Int, y: Int!): Field }": "`Query.c`",
    "enum E { X }": "`E.Y`",
    "type Field { id: ID }": "`Field.name`",
    "input I { a: Int b: Int! }": "`I.b`",
    "union U = Field": "`U`",
}


def changed(part: str) -> str:
    """Return the schema with one definition in place of the one of its name."""
    head = " ".join(part.split()[:2])
    start = BEFORE.index(head)
    end = BEFORE.index("}", start) + 1 if "{" in part else BEFORE.index(" type", start)
    return BEFORE[:start] + part + BEFORE[end:]


def changelog(said: str, *, before: str = "") -> str:
    unreleased = f"## [Unreleased]\n\n### Added\n\n- Much.\n\n### SDL\n\n- {said}\n"
    return f"# Changelog\n\n{unreleased}\n## [0.1]\n\n### SDL\n\n- {before}\n"


@pytest.mark.parametrize(("part", "name"), CHANGES.items())
def test_what_breaks_clients_is_to_be_said_by_its_name(part: str, name: str) -> None:
    changes = breaking(BEFORE, changed(part))

    assert len(changes) == 1
    assert unsaid(changes, changelog(f"{name} is another.")) == []
    assert unsaid(changes, changelog("`Field` is new.")) == changes
    assert unsaid(changes, changelog("Nothing.", before=name)) == changes, "said of an earlier release"


def test_what_breaks_nobody_need_not_be_said() -> None:
    more = BEFORE.replace("type Field { id: ID", "type Field { more: Int id: ID").replace("X Y", "X Y Z")

    assert breaking(BEFORE, more) == []


def test_a_type_that_is_gone_is_said_by_its_name() -> None:
    changes = breaking(BEFORE, BEFORE.replace("type Gone { id: ID }", "").replace(": Gone", ": Field"))

    assert sorted(unsaid(changes, changelog("`Gone` is gone."))) == [
        "Field Mutation.m changed type from Gone to Field."
    ]
