"""Following a stream as a subscriber sees it: decoded, merged, and with gaps announced."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Final, Generic, TypeVar

from services.core.clock import Clock, utc_now
from services.foundation.events.cursor import decode
from services.foundation.events.derived import MOST_SHARED
from services.foundation.events.hub import Batch, Batches, History, Hub
from services.foundation.events.port import Entry
from services.foundation.events.stream import StreamEvent, StreamGap

E = TypeVar("E")
Following = StreamEvent[E] | StreamGap
Merge = Callable[[str, Sequence[Entry]], Iterable[StreamEvent[E]]]
"""Decodes entries of an epoch and joins neighbours of heavy kinds."""

PIECE: Final = 32_768
"""Bytes of entries that are merged at once: one message has about as many, and a client that does not read holds it."""


class Followed(Generic[E]):
    """What happens in a stream, one thing after the other."""

    def __init__(self, batches: Batches, merged: Merge[E], now: Clock) -> None:
        self._batches = batches
        self._merged = merged
        self._now = now
        self._events: Iterator[Following[E]] = iter(())

    def __aiter__(self) -> "Followed[E]":
        return self

    async def __anext__(self) -> Following[E]:
        while (event := next(self._events, None)) is None:
            self._events = self._of(await anext(self._batches))
        return event

    async def pour(self, take: Callable[[Batch], bool]) -> None:
        """Give what happens to `take` at the moment it does, until that returns False (Batches.pour).

        For after each `anext`: it returns at once while there is something left to iterate.
        """
        if (event := next(self._events, None)) is not None:
            self._events = chain((event,), self._events)
            return
        await self._batches.pour(take)

    def events(self, batch: Batch) -> Sequence[StreamEvent[E]]:
        """Return what happened, the same for all who follow in this way."""
        return batch.derived.once(self._merged, lambda: tuple(self._merge(batch)))

    def _of(self, batch: Batch) -> Iterator[Following[E]]:
        if batch.gap is not None:
            yield StreamGap(batch.epoch, batch.gap.from_seq, batch.gap.to_seq, self._now())
        yield from self.events(batch) if len(batch.entries) <= MOST_SHARED else self._merge(batch)

    def _merge(self, batch: Batch) -> Iterator[StreamEvent[E]]:
        for entries in _pieces(batch.entries):
            yield from self._merged(batch.epoch, entries)


@asynccontextmanager
async def follow(
    hub: Hub, stream: str, *, after: str | None, history: History, merged: Merge[E], now: Clock = utc_now
) -> AsyncGenerator[Followed[E]]:
    """Follow a stream from after an opaque cursor to its terminal event. Raises Invalid for a cursor that is none."""
    position = None if after is None else decode(after)
    async with hub.follow(stream, after=position, history=history) as batches:
        yield Followed(batches, merged, now)


def _pieces(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Cut entries into runs of at most PIECE bytes; one that has more itself is a run of its own."""
    start = size = 0
    for index, entry in enumerate(entries):
        if index > start and size + len(entry.data) > PIECE:
            yield entries[start:index]
            start, size = index, 0
        size += len(entry.data)
    if start < len(entries):
        yield entries[start:]
