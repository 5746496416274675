"""The event log of many processes: streams in Redis (or Valkey), one script per step."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.core.clock import Clock
from services.foundation.events.bell import nobody
from services.foundation.events.cursor import new_epoch
from services.foundation.events.playback import UNKNOWN
from services.foundation.events.port import (
    Appended,
    Closed,
    Entry,
    EventLog,
    Fenced,
    Head,
    Hear,
    LogUnavailable,
    News,
    ProducerGap,
    Slice,
    check_append,
)
from services.foundation.events.redis_scripts import (
    APPEND,
    CLOSED,
    FENCED,
    GAP,
    LABEL,
    MOST_PUSHED,
    NEWS,
    PUSHED,
    READ,
    TRIM,
)
from services.foundation.events.redis_wakeups import Wakeups

_T = TypeVar("_T")
_EPOCH_OF_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_REFUSALS: Final[dict[int, type[Exception]]] = {FENCED: Fenced, CLOSED: Closed, GAP: ProducerGap}
_HEADS_AT_ONCE: Final = 50


def keys(stream: str) -> tuple[str, str]:
    """Name the two keys of a stream, its head and its entries; the braces keep them on one node of a cluster."""
    return f"events:{{{stream}}}:head", f"events:{{{stream}}}:entries"


def channel(stream: str) -> str:
    """Name the Pub/Sub channel on which changes of a stream are announced."""
    return f"events:{{{stream}}}"


class RedisLog:
    """Keeps what Redis keeps: how much a crash of Redis loses is its own fsync policy. Retention is by TTL.

    Commands in flight are never cancelled: a connection whose reply nobody took would hand it to the next caller.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        retention: timedelta = timedelta(hours=1),
        open_for: timedelta = timedelta(days=7),
        max_entries: int = 100_000,
        check_every: float = 5.0,
        connections: int = 16,
        timeout: float = 5.0,
    ) -> None:
        """`open_for` is how long an open stream is kept after its last append; times without a unit are seconds."""
        self._clock = clock
        self._retention = retention
        self._open_for = open_for
        self._max_entries = max_entries
        self._redis = _client(url, connections=connections, timeout=timeout)
        self._append = self._redis.register_script(APPEND)
        self._read = self._redis.register_script(READ)
        self._trim = self._redis.register_script(TRIM)
        self._wakeups = Wakeups(
            self._redis.connection_pool.make_connection,
            self._heads,
            appended,
            check_every=check_every,
            patience=timeout,
        )
        self._in_flight: set[asyncio.Future[Any]] = set()

    @property
    def servers(self) -> Sequence[EventLog]:
        return (self,)

    async def append(
        self, stream: str, data: Sequence[bytes], *, attempt: int, producer_seq: int, close: bool = False, base: int = 0
    ) -> int:
        check_append(data, attempt=attempt, producer_seq=producer_seq)
        at = (self._clock() - _EPOCH_OF_TIME) // _MICROSECOND
        lifetimes = (self._open_for // _MILLISECOND, self._retention // _MILLISECOND)
        arguments = (
            attempt,
            producer_seq,
            int(close),
            base,
            new_epoch(),
            at,
            *lifetimes,
            self._max_entries,
            MOST_PUSHED,
        )
        what, seq = await self._ask(self._append(keys=keys(stream), args=(*arguments, channel(stream), *data)))
        if refusal := _REFUSALS.get(what):
            raise refusal
        return seq

    async def read(self, stream: str, *, after: int, limit: int = 1000) -> Slice:
        return _slice(await self._ask(self._read(keys=keys(stream), args=(after + 1, limit))))

    def watch(self, stream: str, hear: Hear = nobody) -> AbstractAsyncContextManager[AsyncIterator[News]]:
        return self._wakeups.watch(channel(stream), hear)

    async def trim(self, stream: str, *, before: int) -> None:
        await self._ask(self._trim(keys=keys(stream), args=(max(before, 0), channel(stream))))

    async def forget(self, stream: str) -> None:
        await self._ask(self._redis.delete(*keys(stream)))
        await self._ask(self._redis.publish(channel(stream), "forgotten"))  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    async def ping(self) -> None:
        await self._ask(self._redis.ping())  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    async def close(self) -> None:
        await self._wakeups.close()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        await self._redis.aclose()

    async def _heads(self, channels: Sequence[str]) -> Sequence[object]:
        heads: list[object] = []
        for start in range(0, len(channels), _HEADS_AT_ONCE):
            pipeline = self._redis.pipeline(transaction=False)
            for name in channels[start : start + _HEADS_AT_ONCE]:
                pipeline.hmget(f"{name}:head", ["epoch", "last", "closed"])
            heads += await self._ask(pipeline.execute())
        return heads

    async def _ask(self, command: Awaitable[_T]) -> _T:
        """Run a command to its end, even if nobody waits for it any more."""
        running = asyncio.ensure_future(command)
        self._in_flight.add(running)
        running.add_done_callback(self._done)
        try:
            return await asyncio.shield(running)
        except (RedisError, OSError) as error:
            raise LogUnavailable from error

    def _done(self, running: asyncio.Future[Any]) -> None:
        self._in_flight.discard(running)
        if not running.cancelled():
            running.exception()  # of a command whose caller has gone


def _client(url: str, *, connections: int, timeout: float) -> Redis:
    pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        url,
        max_connections=connections,
        timeout=5.0,
        socket_timeout=timeout,
        socket_connect_timeout=2.0,
        protocol=2,
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)


def _slice(answer: Sequence[Any]) -> Slice:
    if not answer:
        return UNKNOWN
    epoch, last, closed, oldest, labels, data = answer
    first = _seq(oldest) if oldest else int(last) + 1
    head = Head(epoch=epoch.decode(), first=first, last=int(last), closed=closed == b"1")
    return Slice(head=head, entries=tuple(_entries(labels, data)))


def appended(message: bytes) -> Appended | None:
    """Read what APPEND has published; None where it does not say what was appended, or nothing was."""
    if message[:1] != PUSHED:
        return None
    try:
        return _appended(message)
    except (struct.error, UnicodeDecodeError, OverflowError):  # of another version
        return None


def _appended(message: bytes) -> Appended | None:
    closed, epoch_length, labels_length = NEWS.unpack_from(message, 1)
    start = 1 + NEWS.size
    labels = start + epoch_length
    data = labels + labels_length
    entries = tuple(_entries(message[labels:data], message[data:]))
    return Appended(message[start:labels].decode(), closed == 1, entries) if entries else None


def _entries(labels: bytes, data: bytes) -> Iterator[Entry]:
    start = 0
    for seq, at, length, terminal in LABEL.iter_unpack(labels):
        end = start + length
        yield Entry(seq, _EPOCH_OF_TIME + at * _MICROSECOND, data[start:end], bool(terminal))
        start = end


def _seq(row_id: bytes) -> int:
    return int(row_id.partition(b"-")[0])
