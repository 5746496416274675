"""Following a stream as a subscriber sees it: decoded, merged, and with gaps announced."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from services.core.clock import Clock, utc_now
from services.foundation.events.cursor import decode
from services.foundation.events.derived import MOST_SHARED
from services.foundation.events.hub import Batch, History, Hub
from services.foundation.events.port import Entry
from services.foundation.events.stream import StreamEvent, StreamGap

E = TypeVar("E")
Following = StreamEvent[E] | StreamGap
Merge = Callable[[str, Sequence[Entry]], Iterable[StreamEvent[E]]]
"""Decodes entries of an epoch and joins neighbours of heavy kinds."""

PIECE: Final = 32_768
"""Bytes of entries that are merged at once: one message has about as many, and a client that does not read holds it."""


@asynccontextmanager
async def follow(
    hub: Hub, stream: str, *, after: str | None, history: History, merged: Merge[E], now: Clock = utc_now
) -> AsyncGenerator[AsyncIterator[Following[E]]]:
    """Follow a stream from after an opaque cursor to its terminal event. Raises Invalid for a cursor that is none."""
    position = None if after is None else decode(after)
    async with hub.follow(stream, after=position, history=history) as batches:
        yield _events(batches, merged, now)


async def _events(batches: AsyncIterator[Batch], merged: Merge[E], now: Clock) -> AsyncIterator[Following[E]]:
    async for batch in batches:
        if batch.gap is not None:
            yield StreamGap(batch.epoch, batch.gap.from_seq, batch.gap.to_seq, now())
        events = _merged(batch, merged)
        if len(batch.entries) <= MOST_SHARED:
            events = batch.derived.once(merged, lambda events=events: tuple(events))
        for event in events:
            yield event


def _merged(batch: Batch, merged: Merge[E]) -> Iterator[StreamEvent[E]]:
    for entries in _pieces(batch.entries):
        yield from merged(batch.epoch, entries)


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
