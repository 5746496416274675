"""The fixtures of the event log's tests: the logs, a clock that tests move, and real Redis servers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import EventLog
from services.foundation.events.redis import RedisLog, keys
from services.foundation.events.redis_address import name_of
from services.foundation.events.sharded import ShardedLog
from tests.services.foundation.events.redis_server import RedisServer


@dataclass
class MovingClock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


class NewLog(Protocol):
    """Opens a log of the kind under test."""

    def __call__(self, *, max_entries: int = 100_000) -> EventLog: ...


Lose = Callable[[str], Awaitable[None]]
"""Makes the log forget a stream, as a crash without persistence would."""


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run one Redis for all tests that do not kill it."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture(scope="session")
def redis_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Run three that together keep one log, for all tests that do not kill them."""
    servers = [RedisServer(tmp_path_factory.mktemp("redis")) for _ in range(3)]
    for server in servers:
        server.start()
    yield [server.url for server in servers]
    for server in servers:
        server.kill()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Run a Redis that the test may kill."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def stream() -> str:
    return f"generation_{uuid4().hex}"


@pytest.fixture(params=["memory", "redis", "sharded"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def address(kind: str, request: pytest.FixtureRequest) -> str:
    """Return where the log under test is, as EVENTS_URL says it; starts Redis only where it is there."""
    match kind:
        case "redis":
            return str(request.getfixturevalue("redis_url"))
        case "sharded":
            return ",".join(request.getfixturevalue("redis_urls"))
        case _:
            return "memory://"


@pytest.fixture
async def new_log(address: str, clock: MovingClock) -> AsyncIterator[NewLog]:
    opened: list[EventLog] = []

    def open_one(*, max_entries: int = 100_000) -> EventLog:
        urls = [] if address == "memory://" else address.split(",")
        logs = {name_of(url): RedisLog(url, clock, max_entries=max_entries, check_every=0.05) for url in urls}
        if len(logs) > 1:
            opened.append(ShardedLog(logs))
        else:
            opened.append(next(iter(logs.values()), None) or MemoryLog(clock, max_entries=max_entries))
        return opened[-1]

    yield open_one
    for log in opened:
        await log.close()


@pytest.fixture
def log(new_log: NewLog) -> EventLog:
    return new_log()


@pytest.fixture
def lose(log: EventLog, address: str) -> Lose:
    async def lose(stream: str) -> None:
        if isinstance(log, MemoryLog):
            log.lose(stream)
            return
        for url in address.split(","):
            async with Redis.from_url(url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
                await redis.delete(*keys(stream))

    return lose
