"""The one reader that a process has per followed stream; it keeps the newest events for all who follow."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from typing import Final

from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.instruments import EVENT_LAG
from services.core.telemetry import is_heard
from services.foundation.events.bell import Pulse
from services.foundation.events.cursor import STORED, Cursor
from services.foundation.events.derived import MOST_SHARED
from services.foundation.events.playback import UNKNOWN, Batch, History
from services.foundation.events.port import Entry, EventLog, Head, LogUnavailable, News, Slice

_PAGE: Final = 1000
_FIRST_PAGE: Final = 100
"""Entries of the first read, which a subscriber waits for."""
_MOST_SLICES: Final = 8
_SERVED_AT_ONCE: Final = 200
"""Takers that are served in one turn: some milliseconds."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0

_logger: Final = logging.getLogger(__name__)


@frozen
class Limits:
    """What one feed keeps and how often it asks."""

    entries: int = 10_000
    bytes: int = 8 * 1024 * 1024
    ask_every: float = 15.0
    """Seconds without news after which storage is asked whether the object has ended."""


class Taker:
    """A follower who is up to date, and takes batches as they come."""

    __slots__ = ("_take", "position", "refused")

    def __init__(self, position: Cursor, take: Callable[[Batch], bool]) -> None:
        self.position = position
        self._take = take
        self.refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once there is something that was not taken."""

    def offer(self, batch: Batch) -> None:
        """Offer what follows the position."""
        try:
            taken = self._take(batch)
        except Exception as failure:  # noqa: BLE001 - it is the follower's
            self.end(failure)
            return
        if taken:
            self.position = batch.end
        else:
            self.end()

    def end(self, failure: Exception | None = None) -> None:
        if self.refused.done():
            return
        if failure is None:
            self.refused.set_result(None)
        else:
            self.refused.set_exception(failure)


class Feed:
    """Follows the log from the first subscriber's position on. A source for playbacks."""

    def __init__(self, log: EventLog, stream: str, *, after: Cursor | None, history: History, limits: Limits) -> None:
        self._log = log
        self._stream = stream
        self._history = history
        self._limits = limits
        self._head: Head | None = None
        self._epoch = after.epoch if after else None
        self._last = after.seq if after else 0
        self._entries: list[Entry] = []
        self._takers: dict[Taker, None] = {}
        self._slices: dict[tuple[int, int], Slice] = {}
        """Of the entries as they are now, by where they begin and how many they are at most."""
        self._bytes = 0
        self._away = False
        self._pause = _FIRST_PAUSE
        self._ask_at = asyncio.get_running_loop().time() + limits.ask_every
        self._ended_before = False
        self._abandoned = False
        self.subscribers = 0
        self.pulse = Pulse()
        """Beats when a playback that found nothing may find something."""
        self._task = asyncio.create_task(self._run(), name=f"feed {stream}")
        self._task.add_done_callback(lambda _: self._beat())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    @property
    def over(self) -> bool:
        """True once nothing more will be read: stopped, failed, or the log was closed."""
        return self._task.done()

    @property
    def away(self) -> bool:
        """True while the log does not answer; the pulse beats when that is over."""
        return self._away or self._head is None

    @contextlib.contextmanager
    def pouring(self, taker: Taker) -> Generator[None]:
        """Offer what comes to a taker, within the block."""
        self._takers[taker] = None
        try:
            self._serve(taker)
            yield
        finally:
            del self._takers[taker]

    def _beat(self) -> None:
        self._serve_all([*self._takers])
        self.pulse.beat()

    def _serve_all(self, takers: Sequence[Taker]) -> None:
        """Serve takers, so many at a time: others have their turn in between."""
        for taker in takers[:_SERVED_AT_ONCE]:
            if taker in self._takers:
                self._serve(taker)
        if len(takers) > _SERVED_AT_ONCE:
            asyncio.get_running_loop().call_soon(self._serve_all, takers[_SERVED_AT_ONCE:])

    def _serve(self, taker: Taker) -> None:
        """Offer a taker what is new, where that is a few entries of an open stream, and nothing else has happened."""
        head, position = self._head, taker.position
        if taker.refused.done():
            return
        if self.over or self._abandoned or self._away or head is None or head.closed or head.epoch != position.epoch:
            taker.end()
            return
        start = position.seq - (self._last - len(self._entries))
        if not 0 <= start <= len(self._entries) or len(self._entries) - start > MOST_SHARED:
            taker.end()
        elif start < len(self._entries):
            part = self._slice(head, start, MOST_SHARED)
            taker.offer(part.derived.once(Batch, lambda: Batch(position.epoch, part.entries, derived=part.derived)))

    async def read(self, *, after: Cursor | None, limit: int) -> Slice:
        """Return what follows a position: from memory where it is there, from the log where it is not."""
        self._raise_failure()
        if self._abandoned:
            return UNKNOWN
        if self._head is None:
            raise LogUnavailable
        seq = after.seq if after else 0
        if after and after.epoch not in (STORED, self._head.epoch):
            # Either the position is of another life, or the log has moved on and this feed has not heard yet.
            return await self._log.read(self._stream, after=seq, limit=limit)
        if seq + 1 < self._head.first:
            return Slice(head=self._head, entries=())
        start = seq - (self._last - len(self._entries))
        if 0 <= start <= len(self._entries):
            return self._slice(self._head, start, limit)
        return await self._log.read(self._stream, after=seq, limit=limit)

    def _slice(self, head: Head, start: int, limit: int) -> Slice:
        """Return entries that are kept here; those who are at the same place get the same slice."""
        key = (start, limit)
        if (kept := self._slices.get(key)) is not None:
            return kept
        part = Slice(head=head, entries=self._entries[start : start + limit])
        if len(part.entries) <= MOST_SHARED and len(self._slices) < _MOST_SLICES:
            self._slices[key] = part
        return part

    def _raise_failure(self) -> None:
        if self._task.done() and not self._task.cancelled() and (failure := self._task.exception()):
            raise failure

    async def _run(self) -> None:
        async with self._log.watch(self._stream, self._hear) as changes:
            with contextlib.suppress(StopAsyncIteration):
                while True:
                    news = await self._wait(changes)
                    if not self._hear(news):
                        await self._refresh()

    async def _wait(self, changes: AsyncIterator[News]) -> News:
        """Wait for a change, or until the next question is due: to a log that is away, or to storage."""
        clock = asyncio.get_running_loop().time
        due = self._ask_at
        if self._away:
            due = min(due, clock() + self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        while due > clock():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    return await anext(changes)
            if not self._away:  # what was heard meanwhile has put the question off
                due = self._ask_at
        return ()

    def _hear(self, news: News) -> bool:
        """Take what was appended, and say whether that is all there is to know; for whenever nothing is being read."""
        head, last, entries = self._head, self._last, list[Entry]()
        if head is None or self._away or not news:
            return False
        for told in news:
            if told.epoch != head.epoch or told.entries[0].seq > last + 1:
                return False
            entries += told.entries[max(last + 1 - told.entries[0].seq, 0) :]
            last = max(last, told.entries[-1].seq)
        if entries:  # those that are known were read before their news came
            self._take(Slice(head=Head(head.epoch, head.first, last, head.closed or news[-1].closed), entries=entries))
        return True

    async def _refresh(self) -> None:
        try:
            await self._catch_up()
        except LogUnavailable:
            self._away = True
        if asyncio.get_running_loop().time() >= self._ask_at:
            await self._ask_history()

    async def _catch_up(self) -> None:
        more = True
        while more:
            limit = _FIRST_PAGE if self._head is None else _PAGE
            more = self._take(await self._log.read(self._stream, after=self._last, limit=limit))

    def _take(self, part: Slice) -> bool:
        """Keep what was read; say whether there is more."""
        head = part.head
        self._slices = {}
        news = self.away or head != self._head
        self._away, self._pause = False, _FIRST_PAUSE
        if self._is_elsewhere(head):
            self._begin_at(head)
        if part.entries and part.entries[0].seq == self._last + 1:
            if self._head is not None and is_heard():
                EVENT_LAG.record(max((utc_now() - part.entries[-1].at).total_seconds(), 0.0))
            self._keep(part)
            news = True
        self._head = head
        if news:
            self._abandoned = self._ended_before = False
            self._ask_at = asyncio.get_running_loop().time() + self._limits.ask_every
            self._beat()
        return self._last < head.last

    def _is_elsewhere(self, head: Head) -> bool:
        return (
            head.epoch != self._epoch
            or head.last < self._last
            or head.first > self._last + 1
            or head.last - self._last > self._limits.entries
        )

    def _begin_at(self, head: Head) -> None:
        self._entries.clear()
        self._bytes = 0
        self._epoch = head.epoch
        self._last = max(head.first - 1, head.last - self._limits.entries)

    def _keep(self, part: Slice) -> None:
        self._entries.extend(part.entries)
        self._bytes += sum(len(entry.data) for entry in part.entries)
        self._last = part.entries[-1].seq
        excess = max(len(self._entries) - self._limits.entries, 0)
        self._bytes -= sum(len(entry.data) for entry in self._entries[:excess])
        while self._bytes > self._limits.bytes:
            self._bytes -= len(self._entries[excess].data)
            excess += 1
        del self._entries[:excess]

    async def _ask_history(self) -> None:
        """Give the log up where storage says that the object has ended and the log does not.

        A job stores its result before it appends the terminal event: while the log answers, it takes two answers in a
        row, with nothing new in between, to conclude that no event will come.
        """
        self._ask_at = asyncio.get_running_loop().time() + self._limits.ask_every
        if self._head is not None and self._head.closed and not self._away:
            return
        try:
            ended = await self._history.has_ended(self._stream)
        except Exception:
            _logger.exception("Storage does not say whether %s has ended.", self._stream)
            return
        if ended and (self._away or self._epoch is None or self._ended_before):
            self._abandoned = True
            self._beat()
        self._ended_before = ended
