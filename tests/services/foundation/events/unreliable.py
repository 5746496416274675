"""A real log behind a bad line: it may be away, be slow, or lose its answers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.foundation.events.bell import Bell, nobody
from services.foundation.events.port import EventLog, Hear, LogUnavailable, News, Slice


class Unreliable:
    """Passes everything on to a log, as far as the test lets it."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.away = False
        self.deaf = False
        """Whether news of changes is lost from now on, for those who begin to watch."""
        self.lost_answers = 0
        """How many of the next appends are stored although they seem to fail."""
        self.appends: list[tuple[int, int, bool]] = []
        """Each append that was tried: the number of its first event, how many, and whether it closes."""
        self.passing = asyncio.Event()
        self.passing.set()
        self.tried = asyncio.Event()
        """Set by each append that was tried."""

    @property
    def servers(self) -> Sequence[EventLog]:
        return (self,)

    async def append(
        self, stream: str, data: Sequence[bytes], *, attempt: int, producer_seq: int, close: bool = False, base: int = 0
    ) -> int:
        self.appends.append((producer_seq, len(data), close))
        self.tried.set()
        await self.passing.wait()
        self._answer()
        seq = await self._log.append(stream, data, attempt=attempt, producer_seq=producer_seq, close=close, base=base)
        if self.lost_answers:
            self.lost_answers -= 1
            raise LogUnavailable
        return seq

    async def read(self, stream: str, *, after: int, limit: int = 1000) -> Slice:
        self._answer()
        return await self._log.read(stream, after=after, limit=limit)

    def watch(self, stream: str, hear: Hear = nobody) -> AbstractAsyncContextManager[AsyncIterator[News]]:
        return self._first_only(stream) if self.deaf else self._heard(stream, hear)

    @asynccontextmanager
    async def _heard(self, stream: str, hear: Hear) -> AsyncGenerator[AsyncIterator[News]]:
        """Pass changes on; what they are is not heard while the log is away."""
        async with self._log.watch(stream, lambda news: not self.away and hear(news)) as changes:
            yield _Heard(self, changes)

    @asynccontextmanager
    async def _first_only(self, stream: str) -> AsyncGenerator[AsyncIterator[News]]:
        async with self._log.watch(stream):
            bell = Bell()
            bell.ring()
            yield bell

    async def trim(self, stream: str, *, before: int) -> None:
        self._answer()
        await self._log.trim(stream, before=before)

    async def forget(self, stream: str) -> None:
        self._answer()
        await self._log.forget(stream)

    async def ping(self) -> None:
        self._answer()
        await self._log.ping()

    async def close(self) -> None:
        await self._log.close()

    def _answer(self) -> None:
        if self.away:
            raise LogUnavailable


class _Heard:
    """An iterator, whose wait for the next item may be cancelled, as that of a generator may not."""

    def __init__(self, line: Unreliable, changes: AsyncIterator[News]) -> None:
        self._line = line
        self._changes = changes

    def __aiter__(self) -> "_Heard":
        return self

    async def __anext__(self) -> News:
        news = await anext(self._changes)
        return () if self._line.away else news
