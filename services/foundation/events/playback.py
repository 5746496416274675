"""One reader's way through a stream: what storage still has, then the log, with every hole announced."""

from collections.abc import Sequence
from dataclasses import field
from typing import Final, Protocol

from services.core.frozen import frozen
from services.foundation.events.cursor import STORED, Cursor
from services.foundation.events.derived import Derived
from services.foundation.events.port import Entry, Head, Slice

UNKNOWN: Final = Slice(head=Head(epoch=None, first=1, last=0, closed=False), entries=())
"""What the log answers for a stream that it does not know."""


@frozen
class Gap:
    """Events that nobody has any more: from_seq to to_seq, both included.

    Without `to_seq`, the life of the stream that the reader had followed is gone: what it has had from from_seq on has
    no successor, and what follows begins at the start of what is left.
    """

    from_seq: int
    to_seq: int | None


@frozen
class Batch:
    """Events in order, all of one epoch; before them, perhaps, a gap. Never without both."""

    epoch: str
    entries: Sequence[Entry]
    gap: Gap | None = None
    derived: Derived = field(default_factory=Derived, compare=False, repr=False)
    """Of the entries; all who follow at the same place share it."""

    def cursor(self, entry: Entry) -> Cursor:
        """The position after one of the entries."""
        return Cursor(epoch=self.epoch, seq=entry.seq)

    @property
    def end(self) -> Cursor:
        """The position after all of the entries."""
        return self.derived.once(Cursor, lambda: self.cursor(self.entries[-1]))

    @property
    def after_gap(self) -> Cursor:
        """The position of a reader who has been told of the gap but has had none of the entries."""
        return Cursor(epoch=self.epoch, seq=(self.gap and self.gap.to_seq) or 0)


class History(Protocol):
    """What storage has of streams: the archived events themselves, or a short account of how the object ended."""

    async def read(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return at most `limit` stored entries with seq > after, in order: an archive under the log's own seq numbers,
        an account under 1, 2, …, only once the object has ended. The last entry of an ended object is terminal.
        """
        ...

    async def has_ended(self, stream: str) -> bool:
        """Say whether the object has ended for good, and storage has all there will be."""
        ...


class Source(Protocol):
    """Where a playback reads the log: the log itself, or what a process shares of it."""

    async def read(self, *, after: Cursor | None, limit: int) -> Slice:
        """Return entries with seq > after's, and the head at the same moment. Raises LogUnavailable."""
        ...


class Playback:
    """Moves one position through a stream, batch by batch. Not for concurrent use."""

    def __init__(self, source: Source, stream: str, *, after: Cursor | None, history: History) -> None:
        self._source = source
        self._stream = stream
        self.position = after
        """After which what comes next follows."""
        self._history = history
        self._only_stored = False
        self.finished = False
        """True once everything has been delivered, the terminal entry included."""

    @property
    def _seq(self) -> int:
        return self.position.seq if self.position else 0

    async def next(self, *, limit: int) -> Batch | None:
        """Return what follows the position and move past it; None where nothing does, for now or for good (finished).

        Raises LogUnavailable.
        """
        part = UNKNOWN if self._only_stored else await self._source.read(after=self.position, limit=limit)
        epoch, position = part.head.epoch, self.position
        if epoch is None:
            return await self._without_log(limit)
        if (
            position is not None
            and position.epoch == epoch
            and part.entries
            and part.entries[0].seq == position.seq + 1
        ):
            return self._advance(epoch, part.entries, part.derived)
        return await self._join(part.head, epoch) or await self._with_log(part, epoch, limit)

    async def _with_log(self, part: Slice, epoch: str, limit: int) -> Batch | None:
        if self._only_stored:
            return await self._stored(limit)
        if self._seq + 1 < part.head.first:
            return await self._older(part.head, epoch, limit)
        if part.entries:
            return self._advance(epoch, part.entries, part.derived)
        self.finished = part.head.closed and self._seq >= part.head.last
        return None

    async def _join(self, head: Head, epoch: str) -> Batch | None:
        """Take the position into this life of the stream; return the gap if it has no place there."""
        position = self.position or Cursor(epoch=epoch, seq=0)
        if position.epoch == STORED and position.seq > 0:
            if not await self._history.read(self._stream, after=position.seq - 1, limit=1):
                return self._start_over(epoch)
            # What an ended object's history has may be an account of its own: do not mix it with the log's events.
            self._only_stored = await self._history.has_ended(self._stream)
        elif position.epoch not in (STORED, epoch) or position.seq > head.last:
            return self._start_over(epoch)
        if not self._only_stored:
            self.position = Cursor(epoch=epoch, seq=position.seq)
        return None

    async def _without_log(self, limit: int) -> Batch | None:
        if self.position is not None and self.position.epoch != STORED:
            return self._start_over(STORED)
        return await self._stored(limit)

    async def _stored(self, limit: int) -> Batch | None:
        entries = await self._history.read(self._stream, after=self._seq, limit=limit)
        if not entries and await self._history.has_ended(self._stream):
            # It may have ended between the two questions.
            entries = await self._history.read(self._stream, after=self._seq, limit=limit)
            self.finished = not entries
        return self._advance(STORED, entries) if entries else None

    async def _older(self, head: Head, epoch: str, limit: int) -> Batch | None:
        """Deliver from history what the log no longer keeps, or the gap where history has not got it either.

        An ended object's history may be an account with numbers of its own: then all of it, from its start.
        """
        if await self._history.has_ended(self._stream) and not await self._continues(head, epoch):
            self._only_stored = True
            return self._start_over(STORED) if self._seq else await self._stored(limit)
        stored = await self._history.read(self._stream, after=self._seq, limit=limit)
        entries = [entry for entry in stored if entry.seq < head.first]
        if entries:
            return self._advance(epoch, entries)
        gap = Gap(from_seq=self._seq + 1, to_seq=head.first - 1)
        self.position = Cursor(epoch=epoch, seq=head.first - 1)
        return Batch(epoch=epoch, entries=(), gap=gap)

    async def _continues(self, head: Head, epoch: str) -> bool:
        """Say whether history has the events as the log numbers them, by the oldest that the log has, or its last."""
        before = min(head.first, head.last) - 1
        stored = await self._history.read(self._stream, after=before, limit=1)
        if not stored or stored[0].seq != before + 1:
            return False
        kept = (await self._source.read(after=Cursor(epoch=epoch, seq=before), limit=1)).entries
        return not kept or (kept[0].seq, kept[0].data) == (stored[0].seq, stored[0].data)

    def _advance(self, epoch: str, entries: Sequence[Entry], derived: Derived | None = None) -> Batch:
        """Deliver entries up to the next hole among them."""
        first = entries[0].seq
        gap = Gap(from_seq=self._seq + 1, to_seq=first - 1) if first > self._seq + 1 else None
        run = _unbroken(entries)
        self.position = Cursor(epoch=epoch, seq=run[-1].seq)
        self.finished = run[-1].terminal
        shared = derived if derived is not None and run is entries else Derived()
        return Batch(epoch=epoch, entries=run, gap=gap, derived=shared)

    def _start_over(self, epoch: str) -> Batch:
        gap = Gap(from_seq=self._seq + 1, to_seq=None)
        self.position = Cursor(epoch=epoch, seq=0)
        return Batch(epoch=epoch, entries=(), gap=gap)


def _unbroken(entries: Sequence[Entry]) -> Sequence[Entry]:
    first = entries[0].seq
    if entries[-1].seq == first + len(entries) - 1:
        return entries
    end = next(index for index, entry in enumerate(entries) if entry.seq != first + index)
    return entries[:end]
