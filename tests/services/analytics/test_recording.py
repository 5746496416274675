"""That events count once, and only for the team whose key recorded them."""

import asyncio
import random
from typing import Any

import pytest

from services.analytics.rollups import Interval
from services.analytics.service import Metric, TimeRange
from services.analytics.sessions import session_id_of
from services.core.actor import Scope
from services.core.errors import Forbidden, Invalid, NotFound
from services.core.ids import ProjectId, SessionId
from services.core.pages import PageRequest
from tests.services.analytics.stage import NOW, Stage, actor, event


async def test_a_batch_with_bad_events_records_the_good_ones(stage: Stage) -> None:
    outcomes = await stage.analytics.record(
        [
            event("a", project_id=stage.project_id, cost_micros=3),
            event("b", type="NONSENSE"),
            event("c", timestamp="2020-01-01T00:00:00Z"),
            event("d", project_id="project_01jd8f7k2sfvrb0e1f2g3h4j5k"),
            event("e", cost_micros=4),
        ],
        by=stage.key,
    )

    assert [(outcome.index, outcome.event_id, outcome.code.value, outcome.field) for outcome in outcomes] == [
        (0, "a", "ACCEPTED", None),
        (1, "b", "UNKNOWN_TYPE", "type"),
        (2, "c", "TOO_OLD", "timestamp"),
        (3, "d", "NOT_FOUND", "projectId"),
        (4, "e", "ACCEPTED", None),
    ]
    team, project = (await stage.overview()).tally, (await stage.overview(project_id=stage.project_id)).tally
    assert (team.events, team.counts["costMicros"]) == (2, 7)
    assert (project.events, project.counts["costMicros"]) == (1, 3)


async def test_only_a_key_for_analytics_records(stage: Stage) -> None:
    for by in (stage.person, actor(stage.team_id, Scope.READ, Scope.WRITE)):
        with pytest.raises(Forbidden):
            await stage.analytics.record([event()], by=by)

    assert (await stage.overview()).tally.events == 0


@pytest.mark.parametrize("number", [0, 1001])
async def test_a_batch_has_1_to_1000_events(stage: Stage, number: int) -> None:
    with pytest.raises(Invalid):
        await stage.analytics.record([event(f"e{index}") for index in range(number)], by=stage.key)

    assert (await stage.overview()).tally.events == 0


async def test_an_event_that_comes_again_counts_once_also_with_other_content(stage: Stage) -> None:
    first = event("a", input_tokens=5, session_id="s", user_id="u")
    other = event("a", NOW.replace(hour=3), input_tokens=50, session_id="t", user_id="v")

    assert await stage.codes(first, other, event("b")) == ["ACCEPTED", "DUPLICATE", "ACCEPTED"]
    assert await stage.codes(other, event("c"), first) == ["DUPLICATE", "ACCEPTED", "DUPLICATE"]

    tally = (await stage.overview()).tally
    assert (tally.events, tally.counts["inputTokens"], tally.active_users) == (3, 5, 1)
    sessions = await stage.analytics.sessions(PageRequest(), team_id=None, project_id=None, by=stage.person)
    assert [(session.session, session.events) for session in sessions.items] == [("s", 1)]


async def test_a_bad_event_does_not_take_the_id_of_a_good_one(stage: Stage) -> None:
    assert await stage.codes(event("a", type="NONSENSE"), event("a")) == ["UNKNOWN_TYPE", "ACCEPTED"]


async def test_a_batch_that_many_send_at_once_counts_once(stage: Stage) -> None:
    batch = [event(f"e{index}", session_id=f"s{index % 7}", cost_micros=index) for index in range(120)]
    chance = random.Random(3)  # noqa: S311 - no secret

    sent = await asyncio.gather(*(stage.codes(*chance.sample(batch, 100)) for _ in range(4)), stage.codes(*batch))

    accepted = [code for codes in sent for code in codes if code == "ACCEPTED"]
    assert len(accepted) == 120
    tally = (await stage.overview()).tally
    assert (tally.events, tally.counts["costMicros"]) == (120, sum(range(120)))
    sessions = await stage.analytics.sessions(PageRequest(), team_id=None, project_id=None, by=stage.person)
    assert sum(session.events for session in sessions.items) == 120
    assert sum(session.cost_micros for session in sessions.items) == sum(range(120))


async def test_events_of_many_hours_projects_and_sessions_all_count(stage: Stage) -> None:
    day = NOW.replace(hour=0, minute=0)
    batch = [
        event(f"e{index}", day.replace(hour=index % 12, minute=index % 60), session_id=f"s{index}", user_id=f"u{index}")
        for index in range(150)
    ]

    assert set(await stage.codes(*batch)) == {"ACCEPTED"}

    points = await stage.analytics.series(
        Metric.EVENTS,
        Interval.HOUR,
        team_id=None,
        project_id=None,
        asked=TimeRange(day, day.replace(hour=12)),
        by=stage.person,
    )
    assert [point.value for point in points] == [13] * 6 + [12] * 6


async def test_one_event_id_of_two_teams_is_two_events(stage: Stage) -> None:
    assert await stage.codes(event("a", session_id="s")) == ["ACCEPTED"]
    assert await stage.codes(event("a", session_id="s"), by=stage.other_key) == ["ACCEPTED"]

    assert [(await stage.overview(by=by)).tally.events for by in (stage.person, actor(stage.other_team_id))] == [1, 1]


async def test_another_teams_project_takes_no_events_and_shows_none(stage: Stage) -> None:
    stranger = actor(stage.other_team_id)
    await stage.codes(event("a", project_id=stage.project_id, session_id="s"))
    session_id = session_id_of(stage.team_id, stage.project_id, "s")

    assert await stage.codes(event("b", project_id=stage.project_id), by=stage.other_key) == ["NOT_FOUND"]
    ways: list[dict[str, Any]] = [
        {"team_id": stage.team_id, "project_id": None},
        {"team_id": None, "project_id": stage.project_id},
    ]
    for where in ways:
        with pytest.raises(NotFound):
            await stage.analytics.overview(where["team_id"], where["project_id"], None, by=stranger)
        with pytest.raises(NotFound):
            await stage.analytics.series(Metric.EVENTS, Interval.DAY, **where, asked=None, by=stranger)
        with pytest.raises(NotFound):
            await stage.analytics.sessions(PageRequest(), **where, by=stranger)
        with pytest.raises(NotFound):
            async with stage.analytics.follow(where["team_id"], where["project_id"], by=stranger):
                pass
    with pytest.raises(NotFound) as foreign:
        await stage.analytics.session(session_id, by=stranger)
    with pytest.raises(NotFound) as missing:
        await stage.analytics.session(SessionId("session_0"), by=stranger)
    assert foreign.value.message == missing.value.message.replace("session_0", session_id)
    assert (await stage.overview(by=stranger)).tally.events == 0


async def test_a_session_is_the_sum_of_its_events_in_whatever_order_they_come(stage: Stage) -> None:
    def at(minute: int, kind: str, **fields: Any) -> Any:
        moment = NOW.replace(minute=minute)
        return event(f"{kind}{minute}", moment, type=kind, session_id="s", project_id=stage.project_id, **fields)

    await stage.codes(at(5, "TASK_ERROR", user_id="ada"), at(9, "SESSION_END"))
    await stage.codes(at(1, "SESSION_START", environment="test"), at(3, "MODEL_CALL", input_tokens=7, cost_micros=11))
    await stage.codes(at(7, "TOOL_CALL", metadata={"tool": "search"}))

    session_id = session_id_of(stage.team_id, stage.project_id, "s")
    session = await stage.analytics.session(session_id, by=stage.person)
    assert (session.events, session.errors, session.input_tokens, session.cost_micros) == (5, 1, 7, 11)
    assert [session.started_at.minute, session.last_event_at.minute] == [1, 9]
    assert session.ended_at == NOW.replace(minute=9)
    assert (session.user, session.environment) == ("ada", "test")
    first = await stage.analytics.events_of(session, PageRequest(3))
    rest = await stage.analytics.events_of(session, PageRequest(3, first.cursors[-1]))
    assert [it.timestamp.minute for it in [*first.items, *rest.items]] == [1, 3, 5, 7, 9]
    assert rest.items[0].metadata == '{"tool":"search"}'


async def test_sessions_come_newest_first_for_a_team_and_for_a_project(stage: Stage) -> None:
    for number in range(3):
        project_id = stage.project_id if number != 1 else None
        await stage.codes(
            event(f"e{number}", NOW.replace(minute=number), session_id=f"s{number}", project_id=project_id)
        )

    async def names(project_id: ProjectId | None) -> list[str]:
        page = await stage.analytics.sessions(PageRequest(), team_id=None, project_id=project_id, by=stage.person)
        return [session.session for session in page.items]

    assert await names(None) == ["s2", "s1", "s0"]
    assert await names(stage.project_id) == ["s2", "s0"]
