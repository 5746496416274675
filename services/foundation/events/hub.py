"""The hub: it follows streams for any number of subscribers with one reader per stream and process."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.core.frozen import frozen
from services.foundation.events.cursor import Cursor
from services.foundation.events.feed import Feed, Limits, Taker
from services.foundation.events.playback import UNKNOWN, Batch, Gap, History, Playback
from services.foundation.events.port import Entry, EventLog, LogUnavailable, Slice

_RETRY: Final = 1.0
"""Seconds after which a subscriber behind the shared entries tries the log again."""

_FIRST_BATCH: Final = 100
"""Entries of a subscriber's first batch, so that it comes soon; each further one may have four times as many."""


@frozen
class Page:
    """Some of a stream's entries as they are now; `gaps` are what is missing right before them."""

    epoch: str | None
    """None where the position is the start and there is nothing yet."""
    entries: Sequence[Entry]
    has_more: bool
    gaps: Sequence[Gap] = ()


class Hub:
    """Follows streams. A subscriber is a position: when it is ready it takes everything since, however slow it is."""

    def __init__(self, log: EventLog, *, limits: Limits | None = None, batch: int = 2000) -> None:
        self._log = log
        self._limits = limits or Limits()
        self._batch = batch
        self._feeds: dict[str, Feed] = {}

    @property
    def streams(self) -> int:
        """How many streams are being read."""
        return len(self._feeds)

    @asynccontextmanager
    async def follow(self, stream: str, *, after: Cursor | None, history: History) -> AsyncGenerator["Batches"]:
        """Yield the batches that follow a position, now and as they come; they end after the terminal entry.

        While the log is away they wait. Iterating raises what `history` raises.
        """
        feed = self._feeds.get(stream)
        if feed is None or feed.over:
            feed = Feed(self._log, stream, after=after, history=history, limits=self._limits)
            self._feeds[stream] = feed
        feed.subscribers += 1
        playback = Playback(feed, stream, after=after, history=history)
        try:
            yield Batches(feed, playback, limit=self._batch)
        finally:
            feed.subscribers -= 1
            if feed.subscribers == 0:
                if self._feeds.get(stream) is feed:
                    del self._feeds[stream]
                await feed.stop()

    async def read(self, stream: str, *, after: Cursor | None, limit: int, history: History) -> Page:
        """Return at most `limit` entries that follow a position, without waiting for more to come.

        A page ends before a gap that is not its first thing; the next page starts with it. Raises LogUnavailable,
        unless the object has ended: then storage answers for it.
        """
        playback = Playback(_Direct(self._log, stream, history), stream, after=after, history=history)
        epoch, gaps, entries = after.epoch if after else None, list[Gap](), list[Entry]()
        while len(entries) <= limit and not playback.finished:
            batch = await playback.next(limit=limit + 1 - len(entries))
            if batch is None:
                break
            if entries and (batch.gap or batch.epoch != epoch):
                return Page(epoch=epoch, entries=entries[:limit], has_more=True, gaps=gaps)
            epoch = batch.epoch
            gaps.extend([batch.gap] if batch.gap else [])
            entries.extend(batch.entries)
        return Page(epoch=epoch, entries=entries[:limit], has_more=len(entries) > limit, gaps=gaps)


@frozen
class _Direct:
    """The log itself as a source; the log of an ended object may be away."""

    log: EventLog
    stream: str
    history: History

    async def read(self, *, after: Cursor | None, limit: int) -> Slice:
        try:
            return await self.log.read(self.stream, after=after.seq if after else 0, limit=limit)
        except LogUnavailable:
            if await self.history.has_ended(self.stream):
                return UNKNOWN
            raise


class Batches:
    """The batches that follow a position, now and as they come; they end after the terminal entry."""

    def __init__(self, feed: Feed, playback: Playback, *, limit: int) -> None:
        self._feed = feed
        self._playback = playback
        self._size = min(_FIRST_BATCH, limit)
        self._limit = limit

    def __aiter__(self) -> "Batches":
        return self

    async def __anext__(self) -> Batch:
        while not self._playback.finished:
            beat = self._feed.pulse.next
            try:
                batch = await self._playback.next(limit=self._size)
                patience = None
            except LogUnavailable:
                batch = None
                patience = None if self._feed.away else _RETRY
            if batch is not None:
                self._size = min(self._size * 4, self._limit)
                return batch
            if self._feed.over:
                raise LogUnavailable
            if not self._playback.finished:
                await _wait(beat, at_most=patience)
        raise StopAsyncIteration

    async def pour(self, take: Callable[[Batch], bool]) -> None:
        """Give batches to `take` at the moment they come, in the feed's own turn, in place of a turn for each follower.

        Returns where that does not do: once `take` has refused a batch, which then is still to come, and for whatever
        is more than a few new entries. The next batch says what it is.
        """
        position = self._playback.position
        if position is None or self._playback.finished:
            return
        taker = Taker(position, take)
        with self._feed.pouring(taker):
            await taker.refused
        self._playback.position = taker.position


async def _wait(beat: asyncio.Event, *, at_most: float | None) -> None:
    if at_most is None:
        await beat.wait()
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most):
            await beat.wait()
