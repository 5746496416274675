"""What is text to us, in every script, and what is not."""

import pytest

from services.core.text import Kind, address_in, bounded, cleaned, flaw, is_email

HUMAN = [
    "می‌خواهم",  # Persian, with a ZWNJ within the word
    "👨‍👩‍👧‍👦",  # a family, joined by ZWJ
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",  # the flag of England: tags
    "Prix : 3 € « net »",  # French no-break spaces
    "e\u0301te\u0301",  # combining marks, not normalised
    "שלום \u200f(עולם)\u200f",  # a mark of direction
    "日本語のテスト",
    "नमस्ते",
    "☎️",  # a variation selector
    "क्‍ष",  # ZWJ in Devanagari
    "\U0001fae9",  # newer than Python's tables
    "a\u200bb",
    "Straße № 5",
    "<script>alert('x')</script>",
    "🇩🇪",
]
CONTROLS = ["\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x1f", "\x7f", "\x80", "\x85", "\x9b"]
BREAKS = ["\n", "\r", "\r\n", "\t", "\u2028", "\u2029"]
TURNS = ["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"]
HALVES = ["\ud83d", "\udc00", "\udfff"]
BLANK = [
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00a0\u200b",
    "\U000e0041",
    "\u3164",
    "\u115f",
    "\u2800",
    "\u034f",
    "\ufe0f",
    "\u2060",
]


@pytest.mark.parametrize("text", HUMAN)
@pytest.mark.parametrize("kind", Kind)
def test_what_people_write_is_text_of_every_kind(text: str, kind: Kind) -> None:
    assert flaw(text, kind) is None
    assert cleaned(text, most=100) == text


@pytest.mark.parametrize("wrong", [*CONTROLS, *HALVES])
@pytest.mark.parametrize("kind", Kind)
def test_controls_and_halves_of_surrogate_pairs_are_no_text_of_any_kind(wrong: str, kind: Kind) -> None:
    assert flaw(f"a{wrong}b", kind) is not None
    assert flaw(wrong, kind) is not None
    assert [fault.field for fault in bounded(f" {wrong} ", field=["name"], most=9, kind=kind)] == [("name",)]
    assert wrong[0] not in (cleaned(f"a{wrong}b", most=100) or "")


@pytest.mark.parametrize("space", BREAKS)
def test_a_line_has_no_breaks_and_text_of_several_lines_has(space: str) -> None:
    assert flaw(f"a{space}b", Kind.LINES) is None
    assert flaw(f"a{space}b", Kind.LINE) == flaw(f"b{space}", Kind.NAME) == "must be one line, without tabs."


@pytest.mark.parametrize("turn", TURNS)
def test_only_a_name_may_not_turn_what_follows(turn: str) -> None:
    assert flaw(f"invoice{turn}fdp.exe", Kind.LINE) is None
    assert (flaw(f"invoice{turn}fdp.exe", Kind.NAME) or "").startswith("must not contain characters that turn")


@pytest.mark.parametrize("blank", BLANK)
def test_a_name_shows_something(blank: str) -> None:
    assert flaw(blank, Kind.NAME) == "must show something: it has only invisible characters."
    assert flaw(f"a{blank}", Kind.NAME) is None
    assert cleaned(blank, most=100) is None


def test_length_is_counted_in_characters_without_the_space_around() -> None:
    assert bounded("  " + "é" * 5 + "\u00a0", field=["name"], most=5) == []
    assert bounded("👍" * 5, field=["name"], most=5) == []
    (fault,) = bounded("é" * 6, field=["a", "name"], most=5)
    assert (fault.message, fault.field) == ("name must have at most 5 characters; this has 6.", ("a", "name"))
    assert [fault.message for fault in bounded(" \u3000 ", field=["name"], most=5)] == ["name must not be empty."]


def test_what_somebody_else_tells_is_taken_without_what_we_refuse() -> None:
    assert cleaned("Ann\r\nBcc: x@y.example\x1b[0m\u202e", most=100) == "AnnBcc: x@y.example[0m"
    assert cleaned("x" * 300, most=100) == "x" * 100
    assert cleaned(None, most=100) is cleaned("", most=100) is None


@pytest.mark.parametrize("address", ["ann@example.com", "用户@例子.example", "o'neil+tag@mail.example"])
def test_an_address_of_any_alphabet_is_taken_over(address: str) -> None:
    assert address_in(address) == address


@pytest.mark.parametrize(
    "address", [None, 5, {"a": 1}, "", "ann", "a@b\r\nBcc: c@d.example", "x@y\x00", "a@" + "b" * 300, "a@\ud83d"]
)
def test_what_is_no_address_is_none(address: object) -> None:
    assert address_in(address) is None


@pytest.mark.parametrize(
    "address", ["a\nb@example.com", "a@example.com\n", "a\x01@example.com", "\ud83d@example.com", "a\x7f@example.com"]
)
def test_an_address_to_send_to_has_no_controls(address: str) -> None:
    assert not is_email(address)
