"""The tests of which fields are the start and the end of something."""

import pytest

from services.designs.schema import Field, FieldType
from services.scaffold.periods import Period, periods

T = FieldType


def _of(*fields: tuple[str, FieldType]) -> list[tuple[str, str]]:
    found = periods([Field(name=name, type=kind) for name, kind in fields])
    return [(period.start, period.end) for period in found]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("startsAt", "endsAt"),
        ("start", "end"),
        ("start_date", "end_date"),
        ("startedAt", "endedAt"),
        ("from", "to"),
        ("validFrom", "validUntil"),
        ("checkIn", "checkOut"),
        ("check_in_at", "check_out_at"),
        ("opensAt", "closesAt"),
    ],
)
def test_a_period_is_two_moments_whose_names_differ_in_one_word(start: str, end: str) -> None:
    assert _of((start, T.DATETIME), ("name", T.STRING), (end, T.DATETIME)) == [(start, end)]
    assert _of((end, T.DATE), (start, T.DATE)) == [(start, end)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("startsAt", "endsOn"),
        ("bookingStart", "contractEnd"),
        ("start", "endOfDay"),
        ("createdAt", "updatedAt"),
        ("startsAt", "startedAt"),
        ("to", "until"),
    ],
)
def test_other_moments_are_no_period(one: str, other: str) -> None:
    assert _of((one, T.DATETIME), (other, T.DATETIME)) == []


def test_a_day_and_a_moment_are_no_period_nor_are_texts() -> None:
    assert _of(("startsAt", T.DATE), ("endsAt", T.DATETIME)) == []
    assert _of(("from", T.STRING), ("to", T.STRING)) == []


def test_a_start_may_have_two_ends() -> None:
    found = periods([Field(name=name, type=T.DATE) for name in ("from", "to", "until")])
    assert found == (Period("from", "to"), Period("from", "until"))
