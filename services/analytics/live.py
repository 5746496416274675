"""Telling everybody who watches a project's or a team's totals that they have changed.

What is appended to the event log says only that there is news; the totals themselves are read from the rollups. So any
number of processes may tell of one holder, and a word that is lost costs nothing once the next one comes.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from services.analytics.rollups import Interval, Rollups, Tally
from services.core.clock import Clock
from services.core.frozen import frozen
from services.foundation.events.port import EventLog, LogUnavailable, ProducerGap

_MOST_ENTRIES: Final = 100
"""Entries that a stream keeps at least; nobody reads them."""


@frozen
class Snapshot:
    """The totals of the day and the hour that go on, in UTC."""

    at: datetime
    day: Tally
    hour: Tally


@frozen
class Live:
    log: EventLog
    rollups: Rollups
    now: Clock
    pace: float = 1.0
    """Seconds between two snapshots at least."""

    async def tell(self, holders: Iterable[str]) -> None:
        """Tell of news. Where the log is away nobody is told; watchers look again by themselves once it is back."""
        for holder in holders:
            with suppress(LogUnavailable):
                await self._tell(_stream(holder))

    @asynccontextmanager
    async def follow(self, holder: str) -> AsyncGenerator[AsyncIterator[Snapshot]]:
        """Yield the totals as they are, and again whenever they have changed."""
        async with (
            self.log.watch(_stream(holder)) as changes,
            aclosing(self._snapshots(holder, changes)) as snapshots,
        ):
            yield snapshots

    async def _tell(self, stream: str) -> None:
        last = (await self.log.read(stream, after=0, limit=0)).head.last
        # Where two tell at once, one of them is taken for a repetition of the other. Both had written before they read
        # the head, so whoever hears of the one finds what both have written.
        with suppress(ProducerGap):  # the stream was lost this very moment: those who watch are told of that
            last = await self.log.append(stream, [b"{}"], attempt=1, producer_seq=last + 1)
        if last % _MOST_ENTRIES == 0:
            await self.log.trim(stream, before=last)

    async def _snapshots(self, holder: str, changes: AsyncIterator[object]) -> AsyncGenerator[Snapshot]:
        seen: Snapshot | None = None
        with suppress(StopAsyncIteration):
            while True:
                await self._change(changes, seen)
                before, seen = seen, await self._current(holder)
                if before is None or (before.day, before.hour) != (seen.day, seen.hour):
                    yield seen
                    await asyncio.sleep(self.pace)

    async def _change(self, changes: AsyncIterator[object], seen: Snapshot | None) -> None:
        """Wait for news, or for the hour after what was seen: its totals begin at nothing."""
        left = None
        if seen is not None:
            ends = Interval.HOUR.floor(seen.at) + Interval.HOUR.length
            left = max((ends - self.now()).total_seconds(), 0)
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await anext(changes)

    async def _current(self, holder: str) -> Snapshot:
        now = self.now()
        day, hour = Interval.DAY.floor(now), Interval.HOUR.floor(now)
        days, hours = await asyncio.gather(
            self.rollups.read(holder, Interval.DAY, day, day + Interval.DAY.length),
            self.rollups.read(holder, Interval.HOUR, hour, hour + Interval.HOUR.length),
        )
        return Snapshot(now, days.get(day, Tally()), hours.get(hour, Tally()))


def _stream(holder: str) -> str:
    return f"metrics_{holder}"
