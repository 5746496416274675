"""What the totals say of a time, and how little is read for them."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.analytics.model import EventType
from services.analytics.rollups import Interval
from services.analytics.service import Metric, TimeRange
from services.core.errors import Invalid
from tests.services.analytics.stage import NOW, Stage, event
from tests.wires import listening

DAY = datetime(2037, 3, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def values(stage: Stage, metric: Metric, interval: Interval, start: datetime, end: datetime) -> list[Any]:
    points = await stage.analytics.series(
        metric, interval, team_id=None, project_id=None, asked=TimeRange(start, end), by=stage.person
    )
    return [point.value for point in points]


async def test_an_overview_counts_everything_that_the_events_say(stage: Stage) -> None:
    await stage.codes(
        event("1", type="SESSION_START", session_id="s", user_id="ada"),
        event("2", type="TASK_COMPLETE", session_id="s", user_id="ada", duration_ms=100),
        event("3", type="TASK_COMPLETE", user_id="bob", duration_ms=300),
        event("4", type="TASK_ERROR", user_id="bob"),
        event("5", type="MODEL_CALL", input_tokens=10, output_tokens=20, cost_micros=999_999_999),
        event("6", type="MODEL_CALL", input_tokens=1, output_tokens=2, cost_micros=1, status="ERROR"),
    )

    tally = (await stage.overview()).tally

    assert (tally.events, tally.errors, tally.active_users) == (6, 2, 2)
    assert [tally.of_type(kind) for kind in (EventType.SESSION_START, EventType.TASK_COMPLETE)] == [1, 2]
    assert (tally.counts["inputTokens"], tally.counts["outputTokens"]) == (11, 22)
    assert tally.counts["costMicros"] == 1_000_000_000
    assert (tally.counts["durations"], tally.counts["durationMs"]) == (2, 400)
    assert tally.duration(50) == pytest.approx(100, rel=0.1)


async def test_an_event_counts_in_the_hour_and_on_the_day_in_which_it_happened(stage: Stage) -> None:
    last = DAY - timedelta(milliseconds=1)
    await stage.codes(event("a", last), event("b", DAY), event("c", DAY + HOUR - timedelta(milliseconds=1)))

    assert await values(stage, Metric.EVENTS, Interval.HOUR, DAY - HOUR, DAY + 2 * HOUR) == [1, 2, 0]
    assert await values(stage, Metric.EVENTS, Interval.DAY, DAY - 24 * HOUR, DAY + 48 * HOUR) == [1, 2, 0]


async def test_a_series_has_a_point_for_every_period_also_where_nothing_happened(stage: Stage) -> None:
    await stage.codes(event("a", DAY + 5 * HOUR, duration_ms=50))

    hours = await values(stage, Metric.ERRORS, Interval.HOUR, DAY, DAY + 24 * HOUR)
    medians = await values(stage, Metric.DURATION_P50, Interval.HOUR, DAY + 4 * HOUR, DAY + 7 * HOUR)
    points = await stage.analytics.series(
        Metric.EVENTS, Interval.DAY, team_id=None, project_id=None, asked=None, by=stage.person
    )

    assert hours == [0] * 24
    assert medians == [None, pytest.approx(50, rel=0.1), None]
    assert [point.at for point in points] == [NOW.replace(hour=0, minute=0) - n * 24 * HOUR for n in range(30, -1, -1)]


async def test_active_users_of_a_series_are_of_days(stage: Stage) -> None:
    await stage.codes(*(event(f"e{n}", DAY + n * HOUR, user_id=f"u{n % 2}") for n in range(4)))

    assert await values(stage, Metric.ACTIVE_USERS, Interval.DAY, DAY, DAY + HOUR) == [2]
    with pytest.raises(Invalid):
        await values(stage, Metric.ACTIVE_USERS, Interval.HOUR, DAY, DAY + HOUR)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (DAY, DAY + 24 * HOUR, 24),
        (DAY - 24 * HOUR, DAY + 24 * HOUR, 48),
        (DAY + 3 * HOUR, DAY + 5 * HOUR, 2),
        (DAY + timedelta(minutes=59), DAY + timedelta(minutes=61), 2),
        (DAY - 2 * HOUR, DAY + 3 * HOUR, 5),
        (DAY - 26 * HOUR, DAY + 25 * HOUR, 50),
        (DAY - 2 * HOUR, DAY, 2),
        (DAY, DAY + 2 * HOUR, 2),
    ],
)
async def test_a_time_grows_to_whole_hours_and_each_counts_once(
    stage: Stage, start: datetime, end: datetime, expected: int
) -> None:
    first = DAY - 25 * HOUR
    await stage.codes(*(event(f"e{n}", first + n * HOUR, user_id="ada") for n in range(50)))

    overview = await stage.overview(start, end)

    assert overview.tally.events == expected
    assert overview.tally.active_users == 1
    assert overview.range.start <= start
    assert end <= overview.range.end


@pytest.mark.parametrize(
    ("start", "end", "interval"),
    [
        (DAY, DAY, Interval.DAY),
        (DAY, DAY - HOUR, Interval.DAY),
        (DAY - timedelta(days=92), DAY + HOUR, Interval.HOUR),
        (DAY - timedelta(days=366), DAY + HOUR, Interval.DAY),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC), Interval.DAY),
        (DAY, datetime(9999, 12, 31, 23, 59, tzinfo=UTC), Interval.DAY),
    ],
)
async def test_a_time_that_is_empty_or_too_long_is_refused(
    stage: Stage, start: datetime, end: datetime, interval: Interval
) -> None:
    with pytest.raises(Invalid):
        await values(stage, Metric.EVENTS, interval, start, end)


async def test_the_longest_series_are_allowed(stage: Stage) -> None:
    assert await values(stage, Metric.EVENTS, Interval.HOUR, DAY - timedelta(days=92), DAY) == [0] * 92 * 24
    assert await values(stage, Metric.EVENTS, Interval.DAY, DAY - timedelta(days=366), DAY) == [0] * 366


async def test_a_months_overview_reads_as_many_rows_as_the_month_has_days_and_its_ends_have_hours(stage: Stage) -> None:
    start, end = NOW - timedelta(days=30), NOW
    hours = [start + number * HOUR for number in range(1, 30 * 24)]
    for first in range(0, len(hours), 500):
        some = hours[first : first + 500]
        await stage.codes(*(event(f"{hour:%d%H}-{n}", hour, user_id=f"u{n}") for hour in some for n in range(2)))
    calls, rows = Counter[str](), Counter[str]()

    def called(operation: str, _: Any) -> None:
        calls[operation] += 1

    def answered(operation: str, answer: Mapping[str, Any]) -> None:
        rows[operation] += answer["ScannedCount"]

    with listening(stage.analytics.rollups.table.aws.tables, before=called, after=answered):
        overview = await stage.overview(start, end)

    assert overview.tally.events == 2 * len(hours)
    assert overview.tally.active_users == 2
    assert calls == {"Query": 3}
    assert rows["Query"] <= 31 + 24
