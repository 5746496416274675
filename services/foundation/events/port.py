"""The port of the event log: one append-only stream per generation or deployment.

Adapters: memory (one process), redis (any number), and sharded, which spreads streams over several servers. All pass
test_log_conformance.py.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from datetime import datetime
from typing import Protocol

from services.core.errors import Unavailable
from services.core.frozen import frozen
from services.foundation.events.derived import Derived


@frozen
class Entry:
    """One event as the log keeps it. The log does not look inside `data`."""

    seq: int
    """Dense per stream: the first entry is 1, each next one more."""
    at: datetime
    """When it was appended; UTC."""
    data: bytes
    terminal: bool = False
    """True for the event that closed the stream; always the last."""


@frozen
class Head:
    """Where a stream stands. Of a stream that the log does not know: epoch None, first 1, last 0, open."""

    epoch: str | None
    """Random name of this life of the stream; another one after the log was lost."""
    first: int
    """The oldest seq still kept; `last + 1` where nothing is."""
    last: int
    closed: bool


@frozen
class Slice:
    """Entries that follow a position, and the head at the same moment."""

    head: Head
    entries: Sequence[Entry]
    derived: Derived = field(default_factory=Derived, compare=False, repr=False)
    """Of the entries; whoever gets the same slice shares it."""


@frozen
class Appended:
    """Entries that were just appended, one at least, and the life of the stream that they are of."""

    epoch: str
    closed: bool
    entries: Sequence[Entry]


News = Sequence[Appended]
"""What was appended, in order; nothing where that is not known, and the log has to be read."""

Hear = Callable[[News], bool]
"""Is given what was appended; says whether that is all there is to know, so that the log need not be read."""


class Fenced(Exception):
    """The append came from an attempt that a later one has replaced. Nothing was stored."""


class Closed(Exception):
    """The append came after the stream's terminal event. Nothing was stored."""


class ProducerGap(Exception):
    """The append left out producer sequence numbers: an earlier append is missing. Nothing was stored."""


class LogUnavailable(Unavailable):
    """The log does not answer. The append may or may not have been stored: repeat it with the same numbers."""

    def __init__(self) -> None:
        super().__init__("Events can't be read or written just now; try again.")

    @property
    def reason(self) -> str:
        """What is wrong, for whoever runs Snapinfra."""
        return f"the event log (EVENTS_URL) does not answer: {self.__cause__ or 'it is closed'}"


class EventLog(Protocol):
    """An append-only log of many streams. What is promised of a stream depends on no other one."""

    @property
    def servers(self) -> "Sequence[EventLog]":
        """Return the logs that its streams are spread over, in the order of its address; itself where it is one."""
        ...

    async def append(
        self, stream: str, data: Sequence[bytes], *, attempt: int, producer_seq: int, close: bool = False, base: int = 0
    ) -> int:
        """Store events in one step and return the seq of the last one.

        `attempt` (from 1) fences: lower than the highest one seen raises Fenced; higher replaces it, and its
        producer_seq starts at 1. `producer_seq` numbers the first of these events within the attempt: events at or
        below the last one stored are acknowledged and not stored again; leaving one out raises ProducerGap. `close`
        makes the last event terminal: the stream takes no more, and raises Closed, except that repeating what was
        stored is acknowledged as before. `base` is the seq that the first entry follows when the stream does not exist
        yet (an archive elsewhere has the entries before it); ignored otherwise.

        Raises Fenced before Closed before ProducerGap, and LogUnavailable; ValueError for no events, and for an attempt
        or a producer_seq below 1.
        """
        ...

    async def read(self, stream: str, *, after: int, limit: int = 1000) -> Slice:
        """Return at most `limit` kept entries with seq > after, in order, and the head. Raises LogUnavailable."""
        ...

    def watch(self, stream: str, hear: Hear = ...) -> AbstractAsyncContextManager[AsyncIterator[News]]:
        """Yield once at the start of watching and after every change since the last yield (changes may merge).

        What is yielded may say what the changes were, so that nobody needs to read them. Whoever waits for the next
        yield may be spared it: `hear` is given the changes in the turn in which they are known, and says whether that
        will do.

        Watching is in force when the block is entered, so a read that follows the first yield misses nothing. Leaving
        the block ends it. While the log is away the iterator waits, and yields when it is back. Waiting for the next
        yield may be cancelled and taken up again. Closing the log ends the iteration.
        """
        ...

    async def trim(self, stream: str, *, before: int) -> None:
        """Forget entries with seq < before. The head keeps its epoch and last."""
        ...

    async def forget(self, stream: str) -> None:
        """Forget a stream entirely: the next append begins another life of it, with another epoch."""
        ...

    async def ping(self) -> None:
        """Raise LogUnavailable unless the log answers; of several servers, one at least."""
        ...

    async def close(self) -> None:
        """Release connections and tasks."""
        ...


def check_append(data: Sequence[bytes], *, attempt: int, producer_seq: int) -> None:
    """Raise ValueError for an append that no producer means."""
    if not data:
        raise ValueError("An append needs at least one event.")
    if attempt < 1 or producer_seq < 1:
        raise ValueError("Attempts and producer sequence numbers start at 1.")
