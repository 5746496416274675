"""What hub tests follow streams with: storage whose content a test sets, and subscribers that note it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.foundation.events.cursor import Cursor
from services.foundation.events.hub import Batch, Gap, History, Hub
from services.foundation.events.port import Entry, EventLog

_AT = datetime(2026, 1, 1, tzinfo=UTC)
Noted = tuple[int, bytes] | Gap
"""An event by its seq and data, or a gap."""


@dataclass
class Storage:
    """What storage has of the one stream that it is asked about."""

    entries: list[Entry] = field(default_factory=list[Entry])
    ended: bool = False
    asked: list[str] = field(default_factory=list[str])

    def keep(self, *data: bytes, first: int = 1, ended: bool = False) -> None:
        """Have these entries; with `ended`, the last one is the terminal one."""
        last = first + len(data) - 1
        self.entries = [
            Entry(seq=seq, at=_AT, data=item, terminal=ended and seq == last) for seq, item in enumerate(data, first)
        ]
        self.ended = ended

    async def read(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        self.asked.append(stream)
        return [entry for entry in self.entries if entry.seq > after][:limit]

    async def has_ended(self, stream: str) -> bool:
        self.asked.append(stream)
        return self.ended


class Subscriber:
    """Follows a stream in a task of its own and notes what it was given.

    One that pours takes what it can at the moment it comes, and refuses every third batch.
    """

    def __init__(
        self,
        hub: Hub,
        stream: str,
        *,
        after: Cursor | None = None,
        history: History | None = None,
        pours: bool = True,
    ) -> None:
        self.poured = 0
        """Batches that were offered at the moment they came."""
        self._pours = pours
        self.noted: list[Noted] = []
        self.cursors: list[Cursor] = []
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._follow(hub, stream, after, history or Storage()))
        self._task.add_done_callback(lambda _: self._more.set())

    async def _follow(self, hub: Hub, stream: str, after: Cursor | None, history: History) -> None:
        async with hub.follow(stream, after=after, history=history) as batches:
            async for batch in batches:
                self._note(batch)
                if self._pours:
                    await batches.pour(self._take)

    def _take(self, batch: Batch) -> bool:
        self.poured += 1
        if self.poured % 3 == 0:
            return False
        self._note(batch)
        return True

    def _note(self, batch: Batch) -> None:
        if batch.gap:
            self.noted.append(batch.gap)
            self.cursors.append(batch.after_gap)
        self.noted += [(entry.seq, entry.data) for entry in batch.entries]
        self.cursors += [batch.cursor(entry) for entry in batch.entries]
        self._more.set()

    async def is_given_more(self) -> bool:
        """Wait for more, or for the end; say which it was."""
        had = len(self.noted)
        async with asyncio.timeout(10):
            while len(self.noted) == had and not self._task.done():
                self._more.clear()
                await self._more.wait()
        return len(self.noted) > had

    async def has(self, count: int) -> None:
        """Wait until at least so many things were noted."""
        while len(self.noted) < count and await self.is_given_more():
            pass
        if len(self.noted) < count:
            await self._task
            raise AssertionError(f"The stream ended after {self.noted}.")

    async def to_the_end(self) -> list[Noted]:
        async with asyncio.timeout(10):
            await self._task
        return self.noted

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


async def next_batch(batches: AsyncIterator[Batch]) -> Batch:
    async with asyncio.timeout(10):
        return await anext(batches)


async def write(log: EventLog, stream: str, first: int, last: int, *, attempt: int = 1, close: bool = False) -> None:
    """Append the events e<first> to e<last> of an attempt."""
    data = [b"e%d" % number for number in range(first, last + 1)]
    await log.append(stream, data, attempt=attempt, producer_seq=first, close=close)


def events(first: int, last: int) -> list[Noted]:
    return [(number, b"e%d" % number) for number in range(first, last + 1)]


async def epoch_of(log: EventLog, stream: str) -> str:
    epoch = (await log.read(stream, after=0, limit=0)).head.epoch
    assert epoch
    return epoch
