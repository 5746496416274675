"""Reading single events: between two times, of a project, a type or a user, page by page or as a file."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.analytics.events import Events, EventsOf, Export
from services.analytics.model import EventType
from services.analytics.service import TimeRange
from services.core.errors import Invalid, Limited, NotFound
from services.core.pages import PageRequest
from services.core.tls import trusted
from tests.services.analytics.stage import NOW, Stage, event

MINUTE = timedelta(minutes=1)
REQUESTS = EventsOf(type=EventType.REQUEST)


@pytest.fixture
async def recorded(stage: Stage) -> Stage:
    """Record an event a minute of the last six, alternately of two projects' worth, types and users."""
    await stage.analytics.record(
        [
            event("e5", NOW - 5 * MINUTE, user_id="ann", project_id=stage.project_id),
            event("e4", NOW - 4 * MINUTE, user_id="bea"),
            event("e3", NOW - 3 * MINUTE, user_id="ann", type="ERROR"),
            event("e2", NOW - 2 * MINUTE, user_id="ann", project_id=stage.project_id, metadata={"route": "/"}),
            event("e1", NOW - MINUTE, project_id=stage.project_id, type="ERROR"),
            event("e0", NOW, user_id="ann"),
        ],
        by=stage.key,
    )
    await stage.analytics.record([event("x", NOW - 2 * MINUTE, user_id="ann")], by=stage.other_key)
    return stage


async def listed(stage: Stage, of: EventsOf, time: TimeRange | None = None) -> list[str]:
    page = await stage.services.analytics_events.list(PageRequest(), of, time, team_id=None, by=stage.person)
    return [found.event_id for found in page.items]


async def exported(stage: Stage, events: Events, of: EventsOf, time: TimeRange | None) -> tuple[Export, list[Any]]:
    export = await events.export(of, time, team_id=None, by=stage.person)
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(export.url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return export, [json.loads(line) for line in answer.text.splitlines()]


async def test_events_are_those_of_a_project_a_type_or_a_user_newest_first(recorded: Stage) -> None:
    assert await listed(recorded, EventsOf(project_id=recorded.project_id)) == ["e1", "e2", "e5"]
    assert await listed(recorded, REQUESTS) == ["e0", "e2", "e4", "e5"]
    assert await listed(recorded, EventsOf(user="ann")) == ["e0", "e2", "e3", "e5"]


async def test_a_time_holds_its_start_and_not_its_end(recorded: Stage) -> None:
    time = TimeRange(NOW - 5 * MINUTE, NOW - 2 * MINUTE)

    assert await listed(recorded, REQUESTS, time) == ["e4", "e5"]
    assert await listed(recorded, REQUESTS, TimeRange(NOW, NOW + timedelta(milliseconds=1))) == ["e0"]


async def test_pages_go_on_without_gap_or_repeat_also_within_one_millisecond(stage: Stage) -> None:
    await stage.analytics.record([event(f"e{number}", NOW) for number in range(45)], by=stage.key)
    events, time = stage.services.analytics_events, TimeRange(NOW - MINUTE, NOW + MINUTE)

    found: list[str] = []
    after, more = None, True
    while more:
        page = await events.list(PageRequest(20, after), REQUESTS, time, team_id=None, by=stage.person)
        found += [each.event_id for each in page.items]
        after, more = (page.cursors or [None])[-1], page.has_next

    assert len(found) == 45
    assert set(found) == {f"e{number}" for number in range(45)}


async def test_another_teams_cursor_and_events_are_of_no_use(recorded: Stage) -> None:
    events, other = recorded.services.analytics_events, recorded.other_key
    other = replace(other, scopes=None)
    page = await events.list(PageRequest(1), REQUESTS, None, team_id=None, by=recorded.person)

    with pytest.raises(Invalid):
        await events.list(PageRequest(1, page.cursors[0]), REQUESTS, None, team_id=None, by=other)
    for of in (EventsOf(project_id=recorded.project_id), REQUESTS, EventsOf(user="ann")):
        with pytest.raises(NotFound):
            await events.list(PageRequest(), of, None, team_id=recorded.team_id, by=other)
        with pytest.raises(NotFound):
            await events.export(of, None, team_id=recorded.team_id, by=other)


@pytest.mark.parametrize(
    "time",
    [
        TimeRange(NOW, NOW),
        TimeRange(NOW, NOW - MINUTE),
        TimeRange(NOW, NOW + timedelta(microseconds=1)),
        TimeRange(NOW.replace(year=1), NOW),
        TimeRange(NOW, NOW.replace(year=9999)),
    ],
)
async def test_a_time_that_is_none_is_refused(stage: Stage, time: TimeRange) -> None:
    with pytest.raises(Invalid):
        await listed(stage, REQUESTS, time)


async def test_an_export_is_a_file_of_events_oldest_first(recorded: Stage) -> None:
    time = TimeRange(NOW - 5 * MINUTE, NOW)

    export, lines = await exported(recorded, recorded.services.analytics_events, EventsOf(user="ann"), time)

    assert [line["eventId"] for line in lines] == ["e5", "e3", "e2"]
    assert (export.events, export.next_start, export.expires_at) == (3, None, NOW + timedelta(hours=1))
    assert lines[2] == {
        "eventId": "e2",
        "type": "REQUEST",
        "status": "OK",
        "timestamp": "2037-03-31T12:28:00.000Z",
        "projectId": recorded.project_id,
        "sessionId": None,
        "userId": "ann",
        "agentId": None,
        "environment": None,
        "name": None,
        "durationMs": None,
        "inputTokens": 0,
        "outputTokens": 0,
        "costMicros": 0,
        "metadata": {"route": "/"},
    }


async def test_an_export_that_has_no_room_says_where_to_go_on(recorded: Stage) -> None:
    small = replace(recorded.services.analytics_events, most=3)

    first, lines = await exported(recorded, small, REQUESTS, None)
    assert first.next_start is not None
    second, rest = await exported(recorded, small, REQUESTS, TimeRange(first.next_start, NOW + MINUTE))

    assert [line["eventId"] for line in lines] == ["e5", "e4", "e2"]
    assert [line["eventId"] for line in rest] == ["e0"]
    assert (first.events, first.next_start, second.next_start) == (3, NOW, None)


async def test_an_export_of_nothing_is_an_empty_file(stage: Stage) -> None:
    export, lines = await exported(stage, stage.services.analytics_events, REQUESTS, None)

    assert (export.events, lines) == (0, [])


async def test_an_export_of_more_than_a_part_is_whole(stage: Stage) -> None:
    long = {"text": "x" * 4000}
    for start in range(0, 3000, 1000):
        batch = [event(f"e{number:04}", NOW, metadata=long) for number in range(start, start + 1000)]
        await stage.analytics.record(batch, by=stage.key)

    export, lines = await exported(stage, stage.services.analytics_events, REQUESTS, None)

    assert export.events == 3000
    assert {line["eventId"] for line in lines} == {f"e{number:04}" for number in range(3000)}


async def test_nobody_exports_more_than_five_times_a_minute(stage: Stage) -> None:
    events = stage.services.analytics_events
    for _ in range(5):
        await events.export(REQUESTS, None, team_id=None, by=stage.person)

    with pytest.raises(Limited):
        await events.export(REQUESTS, None, team_id=None, by=stage.person)
