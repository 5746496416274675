"""Watching totals: whoever recorded, in whatever process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.analytics.live import Live, Snapshot
from services.config import Config
from services.core.clock import utc_now
from services.foundation.events.redis import RedisLog
from services.foundation.events.redis_address import name_of
from services.foundation.events.sharded import ShardedLog
from tests.services.analytics.recorder import BATCH, recorded_elsewhere
from tests.services.analytics.stage import NOW, Stage, event, new_team
from tests.services.foundation.events.redis_server import RedisServer


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def at_once(stage: Stage) -> Live:
    """Return what tells of the stage's totals, without the pause between two snapshots."""
    return replace(stage.analytics.live, pace=0)


async def until(snapshots: AsyncIterator[Snapshot], events: int) -> Snapshot:
    """Return the first snapshot with that many events today."""
    async with asyncio.timeout(20):
        async for snapshot in snapshots:
            if snapshot.day.events == events:
                return snapshot
    raise AssertionError("The totals ended.")


async def test_the_totals_come_first_and_then_whenever_they_change(stage: Stage) -> None:
    await stage.codes(event("a"), event("b", NOW.replace(hour=3)), event("c", NOW - timedelta(days=1)))

    async with at_once(stage).follow(stage.team_id) as snapshots:
        first = await anext(snapshots)
        await stage.codes(event("d", user_id="ada"))
        second = await until(snapshots, 3)

    assert (first.day.events, first.hour.events) == (2, 1)
    assert (second.hour.events, second.day.active_users) == (2, 1)


async def test_a_projects_totals_and_its_teams_are_told_of_apart(stage: Stage) -> None:
    holder = f"{stage.team_id}#{stage.project_id}"
    async with at_once(stage).follow(holder) as project, at_once(stage).follow(stage.team_id) as team:
        await stage.codes(event("a"))
        await until(team, 1)
        await stage.codes(event("b", project_id=stage.project_id))

        assert (await until(project, 1)).day.events == 1
        assert (await until(team, 2)).day.events == 2


async def test_the_hours_totals_begin_at_nothing_when_the_hour_does(stage: Stage) -> None:
    stage.clock.now = NOW.replace(minute=59, second=59, microsecond=990_000)
    await stage.codes(event("a"))

    async with at_once(stage).follow(stage.team_id) as snapshots:
        before = await anext(snapshots)
        stage.clock.now = NOW.replace(hour=13, minute=0)
        async with asyncio.timeout(20):
            after = await anext(snapshots)

    assert (before.hour.events, after.hour.events, after.day.events) == (1, 0, 1)


async def test_totals_show_what_another_process_recorded(config: Config, redis: RedisServer) -> None:
    async with (
        new_team(config.model_copy(update={"events_url": redis.url})) as stage,
        stage.analytics.follow(None, None, by=stage.person) as snapshots,
    ):
        first = await anext(snapshots)
        recording = asyncio.create_task(recorded_elsewhere(stage))
        last = await until(snapshots, len(BATCH))

        assert await recording == 0
    assert first.day.events == 0
    assert last.day.active_users == 3


async def test_totals_are_right_at_last_however_many_tell_at_once(config: Config, redis: RedisServer) -> None:
    config = config.model_copy(update={"events_url": redis.url})
    async with new_team(config) as one, new_team(config) as other, at_once(one).follow(one.team_id) as snapshots:
        watching = asyncio.create_task(until(snapshots, 40))
        await asyncio.gather(
            *(one.codes(event(f"a{n}")) for n in range(20)),
            *(other.codes(event(f"b{n}"), by=one.key) for n in range(20)),
        )

        assert (await watching).day.events == 40


async def test_events_are_recorded_while_nobody_can_be_told(config: Config, redis: RedisServer) -> None:
    async with new_team(config.model_copy(update={"events_url": redis.url})) as stage:
        redis.kill()

        assert await stage.codes(event("a")) == ["ACCEPTED"]
        assert (await stage.overview()).tally.events == 1


async def test_of_two_who_share_an_event_the_one_whose_server_answers_is_told(
    stage: Stage, redis: RedisServer, tmp_path: Path
) -> None:
    away = RedisServer(tmp_path)
    log = ShardedLog({name_of(server.url): RedisLog(server.url, utc_now) for server in (redis, away)})
    live = replace(at_once(stage), log=log)
    holders: dict[str, str] = {}
    while len(holders) < 2:
        holder = uuid4().hex
        holders[log.server_of(f"metrics_{holder}")] = holder
    heard = holders[name_of(redis.url)]

    async with asyncio.timeout(20), log.watch(f"metrics_{heard}") as changes:
        await anext(changes)
        await live.tell([holders[name_of(away.url)], heard])
        assert await anext(changes)
    await log.close()


async def test_no_more_than_a_few_words_are_kept_of_what_was_told(stage: Stage) -> None:
    live = at_once(stage)

    for _ in range(250):
        await live.tell(["holder"])

    head = (await live.log.read("metrics_holder", after=0, limit=0)).head
    assert (head.first, head.last) == (200, 250)
