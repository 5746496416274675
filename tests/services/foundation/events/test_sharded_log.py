"""What is true of a log over several servers: where streams are, and what one that is away keeps from whom."""

import asyncio
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from services.core.clock import utc_now
from services.core.ids import ProjectId, UserId
from services.foundation.events.cursor import STORED, Cursor
from services.foundation.events.feed import Limits
from services.foundation.events.hub import Gap, Hub
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import LogUnavailable
from services.foundation.events.producer import Producer
from services.foundation.events.redis import RedisLog
from services.foundation.events.redis_address import name_of
from services.foundation.events.sharded import ShardedLog
from services.foundation.events.shared import SharedStreams
from services.presence import Present, Rooms
from tests.services.foundation.events.redis_server import RedisServer
from tests.services.foundation.events.subscribers import Storage, Subscriber, epoch_of, events, write

NAMES = ["a:6379/0", "b:6379/0", "c:6379/0"]
STREAMS = [f"generation_{number}" for number in range(3000)]


def sharded(names: list[str]) -> ShardedLog:
    return ShardedLog({name: MemoryLog(utc_now) for name in names})


def places(names: list[str]) -> dict[str, str]:
    log = sharded(names)
    return {stream: log.server_of(stream) for stream in STREAMS}


def opened(urls: list[str]) -> ShardedLog:
    return ShardedLog({name_of(url): RedisLog(url, utc_now, check_every=0.05, timeout=2) for url in urls})


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[RedisServer]]:
    """Run three servers that the test may kill."""
    running = [RedisServer(tmp_path) for _ in range(3)]
    for server in running:
        server.start()
    yield running
    for server in running:
        server.kill()


@pytest.fixture
async def log(servers: list[RedisServer]) -> AsyncIterator[ShardedLog]:
    log = opened([server.url for server in servers])
    yield log
    await log.close()


def stream_on(log: ShardedLog, server: RedisServer, form: str = "{}") -> str:
    """Return the name of a new stream that a server has."""
    while True:
        name = uuid4().hex
        if log.server_of(form.format(name)) == name_of(server.url):
            return name


def test_each_server_has_its_share_of_the_streams() -> None:
    shares = Counter(places(NAMES).values())

    assert set(shares) == set(NAMES)
    assert max(shares.values()) - min(shares.values()) < 0.1 * len(STREAMS) / len(NAMES)


async def test_streams_are_where_their_names_say(log: ShardedLog, servers: list[RedisServer]) -> None:
    streams = STREAMS[:300]
    for stream in streams:
        await write(log, stream, 1, 1)

    kept: dict[str, int] = {}
    for server in servers:
        async with Redis.from_url(server.url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
            kept[name_of(server.url)] = await redis.dbsize() // 2  # pyright: ignore[reportUnknownMemberType] - untyped keywords
    assert kept == Counter(map(log.server_of, streams))
    assert min(kept.values()) > len(streams) / 5


def test_every_process_finds_a_stream_on_the_same_server() -> None:
    """Whatever the order of the addresses, the hash seed of Python, and how the server is signed in to."""
    program = """
import json, sys
from services.core.clock import utc_now
from services.foundation.events.open import open_log
log = open_log(sys.argv[1], utc_now)
print(json.dumps([log.server_of(stream) for stream in json.load(sys.stdin)]))
"""
    found: list[list[str]] = []
    for seed, url in [
        ("1", "redis://a,redis://b:6379,redis://c/0"),
        ("2", "rediss://user:secret@c,redis://A:6379/0,redis://b"),
    ]:
        run = subprocess.run(
            [sys.executable, "-c", program, url],
            input=json.dumps(STREAMS),
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(json.loads(run.stdout))

    assert found[0] == found[1] == list(places(NAMES).values())


def test_a_server_that_is_added_takes_its_share_and_nothing_else_moves() -> None:
    before, after = places(NAMES), places([*NAMES, "d:6379/0"])
    moved = {stream for stream in STREAMS if before[stream] != after[stream]}

    assert {after[stream] for stream in moved} == {"d:6379/0"}
    assert len(STREAMS) / 5 < len(moved) < len(STREAMS) / 3


def test_of_a_server_that_is_taken_away_only_its_own_streams_move_to_all_others() -> None:
    before, after = places(NAMES), places(NAMES[:2])
    moved = {stream for stream in STREAMS if before[stream] != after[stream]}

    assert moved == {stream for stream in STREAMS if before[stream] == NAMES[2]}
    assert min(Counter(after[stream] for stream in moved).values()) > len(moved) / 3


async def test_the_streams_of_others_go_on_while_one_is_away_and_its_own_when_it_is_back(
    log: ShardedLog, servers: list[RedisServer]
) -> None:
    hub, streams = Hub(log), [stream_on(log, server) for server in servers]
    followers = [Subscriber(hub, stream) for stream in streams]
    for stream, follower in zip(streams, followers, strict=True):
        await write(log, stream, 1, 1)
        await follower.has(1)
    servers[0].kill()

    async with Producer(log, streams[0], 2) as producer:
        waiting = asyncio.create_task(producer.close(b"after"))
        for number in range(2, 12):
            for stream, follower in list(zip(streams, followers, strict=True))[1:]:
                await write(log, stream, number, number, close=number == 11)
                await follower.has(number)
        late = Subscriber(hub, streams[1])
        assert await late.to_the_end() == events(1, 11)
        assert (followers[0].noted, waiting.done()) == (events(1, 1), False)
        with pytest.raises(LogUnavailable):
            await log.read(streams[0], after=0)

        servers[0].start()  # without what it had
        async with asyncio.timeout(20):
            await waiting

    assert await followers[0].to_the_end() == [*events(1, 1), Gap(2, None), (1, b"after")]
    assert [await follower.to_the_end() for follower in followers[1:]] == [events(1, 11)] * 2


async def test_each_server_says_for_itself_whether_it_answers(log: ShardedLog, servers: list[RedisServer]) -> None:
    async def away() -> list[bool]:
        pings = await asyncio.gather(*(server.ping() for server in log.servers), return_exceptions=True)
        return [isinstance(ping, LogUnavailable) for ping in pings]

    await log.ping()
    assert await away() == [False, False, False]

    servers[1].kill()
    await log.ping()
    assert await away() == [False, True, False]

    for server in servers:
        server.kill()
    with pytest.raises(LogUnavailable):
        await log.ping()


async def test_the_log_answers_at_once_while_one_of_its_servers_takes_its_time(servers: list[RedisServer]) -> None:
    """A server to which packets are dropped answers neither yes nor no, for seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        log = opened([f"redis://127.0.0.1:{silent.getsockname()[1]}", servers[0].url])
        async with asyncio.timeout(1):
            await log.ping()
        await log.close()


async def test_one_that_says_no_at_once_does_not_speak_for_one_that_takes_its_time(
    log: ShardedLog, servers: list[RedisServer]
) -> None:
    servers[1].kill()
    for server in (servers[0], servers[2]):
        async with Redis.from_url(server.url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
            await redis.client_pause(300)  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    await log.ping()


async def test_a_stream_that_moves_is_told_as_lost_and_given_as_stored(servers: list[RedisServer]) -> None:
    """The list of addresses has got a server less; whoever wrote with the old one has ended and stored its result."""
    urls = [server.url for server in servers]
    before, after = opened(urls), opened(urls[:2])
    moved, stays = stream_on(before, servers[2]), stream_on(before, servers[0])
    storage = Storage()
    storage.keep(b"all of it", ended=True)
    for stream in (moved, stays):
        await write(before, stream, 1, 5, close=True)
    held = {stream: Cursor(await epoch_of(before, stream), 3) for stream in (moved, stays)}

    hub = Hub(after)
    told = {stream: Subscriber(hub, stream, after=held[stream], history=storage) for stream in (moved, stays)}

    assert await told[moved].to_the_end() == [Gap(4, None), (1, b"all of it")]
    assert told[moved].cursors[0] == Cursor(STORED, 0)
    assert await told[stays].to_the_end() == events(4, 5)
    await asyncio.gather(before.close(), after.close())


async def test_who_follows_a_stream_that_is_written_elsewhere_is_given_its_result_once_there_is_one(
    servers: list[RedisServer],
) -> None:
    """While a worker still has the old list of addresses, and an api the new one."""
    urls = [server.url for server in servers]
    before, after = opened(urls), opened(urls[:2])
    moved, storage = stream_on(before, servers[2]), Storage()
    await write(before, moved, 1, 2)
    follower = Subscriber(
        Hub(after, limits=Limits(ask_every=0.1)),
        moved,
        after=Cursor(await epoch_of(before, moved), 2),
        history=storage,
    )
    await follower.has(1)

    storage.keep(b"all of it", ended=True)
    await write(before, moved, 3, 3, close=True)

    assert await follower.to_the_end() == [Gap(3, None), (1, b"all of it")]
    await asyncio.gather(before.close(), after.close())


async def test_who_is_at_a_project_is_told_by_the_server_of_the_project(
    log: ShardedLog, servers: list[RedisServer]
) -> None:
    project, other = (ProjectId(stream_on(log, server, "{}/rooms")) for server in servers[:2])
    ada = UserId("ada")
    rooms = Rooms(streams=SharedStreams(log, lambda bits: bits), hub=Hub(log), now=utc_now, beat=0.1)
    servers[1].kill()

    async with asyncio.timeout(20), rooms.joined(project, ada) as room, rooms.joined(other, ada) as away:
        while room.present is None:
            await room.pulse.next.wait()
        assert (room.present, away.present) == (Present((ada,)), None)

        servers[1].start()
        while away.present is None:
            await away.pulse.next.wait()
        assert away.present == Present((ada,))
