"""What comes from outside and can't be read is said to be the caller's mistake, whatever it is."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.core.clock import LAST, moment_at, moment_in
from services.core.errors import Invalid
from services.core.ids import prefix_of
from services.core.pages import decode_cursor, encode_cursor
from services.foundation.events.cursor import decode


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


CURSORS = [
    "",
    "=",
    "é",
    "\ud83d",
    "\x00",
    "a" * 20_001,
    packed("[" * 5_000),
    packed("[" * 20_000),
    packed("9" * 5_000),
    packed(f"[{'9' * 30}]"),
    packed("[1e999]"),
    packed("[NaN]"),
    packed("[true]"),
    packed("[null]"),
    packed("[[1]]"),
    packed('{"a":1}'),
    packed(json.dumps(["\ud83d"])),
    packed(json.dumps(["\x00"])),
    packed("[1,2]"),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


@pytest.mark.parametrize("cursor", CURSORS)
def test_what_is_no_cursor_is_the_callers_mistake(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode_cursor(cursor, parts=1)
    with pytest.raises(Invalid):
        decode(cursor)


def test_a_cursor_of_long_keys_comes_back() -> None:
    key: list[str | int] = ["n" * 1000, "ü" * 800, 2**53, "👍" * 200]

    assert decode_cursor(encode_cursor(key), parts=4) == key


@pytest.mark.parametrize(
    "text",
    ["", "\ud83d", "project_\ud83d", "project_\x00", "project_" + "z" * 26, "_", "p" * 9_999, "project_é", "user_\n"],
)
def test_what_is_no_id_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None


@pytest.mark.parametrize("seconds", [-1, 1e14, 10**17, 10**400, float("nan"), float("inf"), -1e999])
def test_there_are_no_moments_outside_of_the_calendar(seconds: float) -> None:
    with pytest.raises(ValueError, match="no such moment"):
        moment_at(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "10000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-01-31T12:00:00",
        "2026-01-31",
        "2026-02-30T00:00:00Z",
        "2026-01-31T12:00:00+99:00",
        "\ud83d",
        "",
        "²⁰²⁶-01-31T12:00:00Z",
    ],
)
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="no such moment"):
        moment_in(text)


def test_a_moment_is_read_with_its_zone() -> None:
    assert moment_in("2026-01-31T12:00:00+05:30") == datetime(2026, 1, 31, 6, 30, tzinfo=UTC)
    assert moment_at(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert moment_in((LAST.astimezone(timezone(timedelta(hours=-23)))).isoformat()) == LAST
