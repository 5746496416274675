"""Totals by agent and environment, of which there is a bounded number."""

import json
from dataclasses import replace

import pytest

from services.analytics.names import OTHERS
from services.analytics.rollups import Interval, Part
from services.analytics.service import Metric, TimeRange
from services.core.errors import Invalid
from tests.services.analytics.stage import NOW, Stage, event

HOUR = Interval.HOUR.length


async def counted(stage: Stage, part: Part | None, *, project: bool = False) -> int:
    project_id = stage.project_id if project else None
    overview = await stage.analytics.overview(None, project_id, None, part=part, by=stage.person)
    return overview.tally.events


async def test_events_count_for_their_agent_and_their_environment(stage: Stage) -> None:
    await stage.analytics.record(
        [
            event("a", agent_id="search", environment="production", project_id=stage.project_id, cost_micros=3),
            event("b", agent_id="search", environment="staging", cost_micros=4),
            event("c", agent_id="support", environment="production"),
            event("d"),
        ],
        by=stage.key,
    )
    await stage.analytics.record([event("a", agent_id="search", environment="production")], by=stage.other_key)

    assert [await counted(stage, ("agent", name)) for name in ("search", "support", "none")] == [2, 1, 0]
    assert [await counted(stage, ("environment", name)) for name in ("production", "staging")] == [2, 1]
    assert await counted(stage, ("agent", "search"), project=True) == 1
    assert await counted(stage, None) == 4


async def test_a_series_of_an_agent_has_its_hours(stage: Stage) -> None:
    await stage.analytics.record(
        [event("a", NOW - HOUR, agent_id="x"), event("b", agent_id="x"), event("c", agent_id="y")], by=stage.key
    )

    points = await stage.analytics.series(
        Metric.EVENTS,
        Interval.HOUR,
        team_id=None,
        project_id=None,
        asked=TimeRange(NOW - 2 * HOUR, NOW),
        part=("agent", "x"),
        by=stage.person,
    )

    assert [point.value for point in points] == [0, 1, 1]


async def test_agents_that_come_when_there_is_no_room_count_together(stage: Stage) -> None:
    ingest = stage.analytics.ingest
    small = replace(ingest, names=replace(ingest.names, most={"agent": 2, "environment": 1}))
    analytics = replace(stage.analytics, ingest=small)

    await analytics.record([event(f"e{number}", agent_id=f"agent-{number}") for number in range(5)], by=stage.key)
    await analytics.record([event("again", agent_id="agent-0")], by=stage.key)

    assert [await counted(stage, ("agent", f"agent-{number}")) for number in range(5)] == [2, 1, 0, 0, 0]
    assert await counted(stage, ("agent", OTHERS)) == 3
    assert await counted(stage, None) == 6


async def test_another_process_keeps_the_same_names(stage: Stage) -> None:
    await stage.analytics.record([event("a", agent_id="search")], by=stage.key)
    stage.clock.now += 2 * HOUR  # what a process keeps in mind is read anew
    await stage.analytics.record([event("b", agent_id="search")], by=stage.key)

    assert await counted(stage, ("agent", "search")) == 2


async def test_a_name_that_is_too_long_to_be_one_is_refused(stage: Stage) -> None:
    with pytest.raises(Invalid):
        await counted(stage, ("agent", json.dumps("x" * 201)))
