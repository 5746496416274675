"""What working together promises to several users in several processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from secrets import randbits, token_bytes

import msgspec
import pytest

from services.activity import Activity
from services.bootstrap import table_name
from services.collaboration import Collaboration, Happening
from services.core.actor import Actor, Role
from services.core.clock import utc_now
from services.core.ids import ProjectId, TeamId, UserId, new_id
from services.core.pepper import Pepper
from services.foundation.auth.access import ACCESS_CHANGES, AccessChanges
from services.foundation.aws.clients import Aws
from services.foundation.aws.spec import E, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.events.hub import Hub
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import LogUnavailable
from services.foundation.events.shared import SharedStreams
from services.foundation.events.stream import StreamEvent
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS, Idempotency
from services.journal.journal import Journal
from services.journal.model import ACTIVITY, ActivityEntry
from services.journal.reading import JournalReader
from services.presence import SILENCE, InRoom, Present, Rooms, rooms_of
from services.projects.model import PROJECTS
from services.projects.service import NewProject, ProjectChange, Projects
from tests.services.foundation.events.conftest import MovingClock
from tests.snapinfra import Server

TEAM = TeamId(new_id("team"))
ANN = Actor(UserId("user_ann"), {TEAM: Role.OWNER}, TEAM)
BEN = Actor(UserId("user_ben"), {TEAM: Role.VIEWER}, TEAM)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def log(clock: MovingClock) -> MemoryLog:
    return MemoryLog(clock)


class Process:
    """What one api process has."""

    def __init__(self, server: Server, aws: Aws, log: MemoryLog, clock: MovingClock) -> None:
        def table(spec: TableSpec[E]) -> Table[E]:
            return Table(aws=aws, spec=spec, name=table_name(server.config, spec), now=utc_now)

        streams, hub = SharedStreams(log, randbits), Hub(log)
        journal = Journal(table=table(ACTIVITY), streams=streams, now=utc_now)
        idempotency = Idempotency(table=table(IDEMPOTENCY_KEYS), pepper=Pepper(b"pepper"), now=utc_now)
        access = AccessChanges(table=table(ACCESS_CHANGES), random=token_bytes, now=utc_now)
        self.projects = Projects(
            table=table(PROJECTS), access=access, idempotency=idempotency, journal=journal, now=utc_now
        )
        activity = Activity(journal=JournalReader(table(ACTIVITY)), projects=self.projects, streams=streams, hub=hub)
        rooms = Rooms(streams=streams, hub=hub, now=clock, beat=0.02)
        self.collaboration = Collaboration(activity=activity, rooms=rooms)


@pytest.fixture
def processes(server: Server, aws: Aws, log: MemoryLog, clock: MovingClock) -> list[Process]:
    return [Process(server, aws, log, clock) for _ in range(2)]


@pytest.fixture
async def project_id(processes: list[Process]) -> ProjectId:
    return (await processes[0].projects.create(NewProject("Shop", team_id=TEAM), by=ANN)).id


async def until(happenings: AsyncIterator[Happening], *actors: Actor) -> None:
    """Wait until exactly these are present."""
    expected = Present(tuple(actor.user_id for actor in actors))
    async with asyncio.timeout(10):
        async for happening in happenings:
            if happening == expected:
                return


async def test_who_comes_and_goes_is_seen_in_every_process(processes: list[Process], project_id: ProjectId) -> None:
    one, two = (process.collaboration for process in processes)
    async with one.follow(project_id, after=None, by=ANN) as happenings:
        await until(happenings, ANN)
        async with (
            two.follow(project_id, after=None, by=BEN) as others,
            two.follow(project_id, after=None, by=BEN) as in_another_window,
        ):
            await until(happenings, ANN, BEN)
            await until(others, ANN, BEN)
            await until(in_another_window, ANN, BEN)

        await until(happenings, ANN)


async def test_who_falls_silent_is_gone_after_half_a_minute(
    processes: list[Process], project_id: ProjectId, log: MemoryLog, clock: MovingClock
) -> None:
    said = msgspec.json.encode(InRoom("of a process that has died", (BEN.user_id,)))
    await SharedStreams(log, randbits).append(rooms_of(project_id), said)
    async with processes[0].collaboration.follow(project_id, after=None, by=ANN) as happenings:
        await until(happenings, ANN, BEN)

        clock.move(SILENCE - timedelta(seconds=1))
        seen_again = await _next_beat(log, project_id)
        async with processes[1].collaboration.follow(project_id, after=None, by=ANN) as others:
            await until(others, ANN, BEN)
        clock.move(timedelta(seconds=1))

        await until(happenings, ANN)
        assert seen_again


async def test_what_others_do_is_seen_with_a_cursor_to_go_on_after(
    processes: list[Process], project_id: ProjectId
) -> None:
    one, two = processes
    async with one.collaboration.follow(project_id, after=None, by=BEN) as happenings:
        await until(happenings, BEN)
        for name in ("First", "Second"):
            await two.projects.update(project_id, ProjectChange(name=name), by=ANN)
        seen = [await _next_noted(happenings) for _ in range(2)]

    async with one.collaboration.follow(project_id, after=seen[0].cursor, by=BEN) as happenings:
        again = await _next_noted(happenings)

    assert [event.event.title for event in seen] == ["First", "Second"]
    assert [event.event.user_id for event in seen] == [ANN.user_id] * 2
    assert again == seen[1]


async def _next_noted(happenings: AsyncIterator[Happening]) -> StreamEvent[ActivityEntry]:
    async with asyncio.timeout(10):
        async for happening in happenings:
            if isinstance(happening, StreamEvent):
                return happening
    raise AssertionError


async def _next_beat(log: MemoryLog, project_id: ProjectId) -> bool:
    """Wait until whoever lives has said so once more."""
    last = (await log.read(rooms_of(project_id), after=0)).head.last
    async with asyncio.timeout(10), log.watch(rooms_of(project_id)) as changes:
        async for _ in changes:
            if (await log.read(rooms_of(project_id), after=0)).head.last > last:
                return True
    return False


async def test_however_many_watch_their_process_says_so_once(
    processes: list[Process], project_id: ProjectId, log: MemoryLog
) -> None:
    one, two = (process.collaboration for process in processes)
    async with AsyncExitStack() as stack:
        watching = [await stack.enter_async_context(one.follow(project_id, after=None, by=ANN)) for _ in range(50)]
        others = await stack.enter_async_context(two.follow(project_id, after=None, by=BEN))
        for happenings in [*watching, others]:
            await until(happenings, ANN, BEN)
        before = (await log.read(rooms_of(project_id), after=0)).head.last
        await asyncio.sleep(0.5)
        after = (await log.read(rooms_of(project_id), after=0)).head.last

    assert after - before <= 2 * 0.5 / 0.02 + 2


async def test_who_comes_as_the_last_one_leaves_is_there(processes: list[Process], project_id: ProjectId) -> None:
    one, two = (process.collaboration for process in processes)
    async with two.follow(project_id, after=None, by=BEN) as others:
        await until(others, BEN)
        for _ in range(5):
            async with one.follow(project_id, after=None, by=ANN) as happenings:
                await until(happenings, ANN, BEN)
            async with one.follow(project_id, after=None, by=ANN) as happenings:
                await until(others, ANN, BEN)
                await until(happenings, ANN, BEN)
            await until(others, BEN)


async def test_a_room_ends_with_the_log(processes: list[Process], project_id: ProjectId, log: MemoryLog) -> None:
    async with processes[0].collaboration.follow(project_id, after=None, by=ANN) as happenings:
        await until(happenings, ANN)
        await log.close()
        with pytest.raises(LogUnavailable):
            await until(happenings, ANN, BEN)


async def test_who_has_left_leaves_nothing_behind(processes: list[Process], project_id: ProjectId) -> None:
    one = processes[0].collaboration

    async def follow() -> None:
        async with one.follow(project_id, after=None, by=ANN) as happenings:
            async for _ in happenings:
                pass

    async with one.follow(project_id, after=None, by=ANN) as happenings:
        await until(happenings, ANN)
        before = len(asyncio.all_tasks())
        for _ in range(20):
            following = asyncio.create_task(follow())
            await asyncio.sleep(0.01)
            following.cancel()
            await asyncio.wait([following])

        assert len(asyncio.all_tasks()) <= before + 1


async def test_what_another_version_says_is_not_heard(
    processes: list[Process], project_id: ProjectId, log: MemoryLog
) -> None:
    for said in (b"{}", b"nonsense", b'{"room": 5}'):
        await SharedStreams(log, randbits).append(rooms_of(project_id), said)
    async with processes[0].collaboration.follow(project_id, after=None, by=ANN) as happenings:
        await until(happenings, ANN)
