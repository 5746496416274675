"""The event log of one process: the whole port in memory, lost with the process."""

from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.core.clock import Clock
from services.foundation.events.bell import Bell, nobody
from services.foundation.events.cursor import new_epoch
from services.foundation.events.port import (
    Closed,
    Entry,
    EventLog,
    Fenced,
    Head,
    Hear,
    News,
    ProducerGap,
    Slice,
    check_append,
)


@dataclass(slots=True)
class _Stream:
    """One life of one stream."""

    first: int
    epoch: str = field(default_factory=new_epoch)
    entries: list[Entry] = field(default_factory=list[Entry])
    attempt: int = 0
    producer_seq: int = 0
    closed: bool = False

    @property
    def last(self) -> int:
        return self.first + len(self.entries) - 1

    @property
    def head(self) -> Head:
        return Head(epoch=self.epoch, first=self.first, last=self.last, closed=self.closed)

    def admit(self, *, attempt: int, producer_seq: int, count: int) -> int:
        """Return how many of the events are stored already; raises what the port promises."""
        if attempt < self.attempt:
            raise Fenced
        stored = self.producer_seq if attempt == self.attempt else 0
        if self.closed and producer_seq + count - 1 > stored:
            raise Closed
        if producer_seq > stored + 1:
            raise ProducerGap
        return min(count, stored - producer_seq + 1)

    def forget(self, *, before: int) -> None:
        gone = min(max(before - self.first, 0), len(self.entries))
        del self.entries[:gone]
        self.first += gone


class MemoryLog:
    """Keeps open streams (the newest `max_entries` of each), and closed ones for `retention` after their end."""

    def __init__(self, clock: Clock, *, retention: timedelta = timedelta(hours=1), max_entries: int = 100_000) -> None:
        self._clock = clock
        self._retention = retention
        self._max_entries = max_entries
        self._streams: dict[str, _Stream] = {}
        self._closed_at: OrderedDict[str, datetime] = OrderedDict()
        self._bells: defaultdict[str, set[Bell]] = defaultdict(set)
        self._over = False

    @property
    def servers(self) -> Sequence[EventLog]:
        return (self,)

    async def append(
        self, stream: str, data: Sequence[bytes], *, attempt: int, producer_seq: int, close: bool = False, base: int = 0
    ) -> int:
        check_append(data, attempt=attempt, producer_seq=producer_seq)
        self._expire()
        held = self._streams.get(stream) or _Stream(first=base + 1)
        stored = held.admit(attempt=attempt, producer_seq=producer_seq, count=len(data))
        if stored < len(data):
            self._store(stream, held, data[stored:], close=close)
            held.attempt, held.producer_seq = attempt, producer_seq + len(data) - 1
        return held.last - (held.producer_seq - (producer_seq + len(data) - 1))

    async def read(self, stream: str, *, after: int, limit: int = 1000) -> Slice:
        self._expire()
        held = self._streams.get(stream)
        if held is None:
            return Slice(head=Head(epoch=None, first=1, last=0, closed=False), entries=())
        start = max(after + 1 - held.first, 0)
        return Slice(head=held.head, entries=tuple(held.entries[start : start + max(limit, 0)]))

    @asynccontextmanager
    async def watch(self, stream: str, hear: Hear = nobody) -> AsyncGenerator[AsyncIterator[News]]:
        bell = Bell(hear)
        bell.ring()
        if self._over:
            bell.silence()
        self._bells[stream].add(bell)
        try:
            yield bell
        finally:
            self._bells[stream].discard(bell)
            if not self._bells[stream]:
                del self._bells[stream]

    async def trim(self, stream: str, *, before: int) -> None:
        self._expire()
        if held := self._streams.get(stream):
            held.forget(before=before)
            self._ring(stream)

    async def ping(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        self._over = True
        for bells in self._bells.values():
            for bell in bells:
                bell.silence()

    async def forget(self, stream: str) -> None:
        self.lose(stream)

    def lose(self, stream: str) -> None:
        """Forget a stream as the end of the process would: its next life has another epoch."""
        self._streams.pop(stream, None)
        self._closed_at.pop(stream, None)
        self._ring(stream)

    def _store(self, stream: str, held: _Stream, data: Sequence[bytes], *, close: bool) -> None:
        now = self._clock()
        first, final = held.last + 1, held.last + len(data)
        held.entries.extend(
            Entry(seq=seq, at=now, data=item, terminal=close and seq == final) for seq, item in enumerate(data, first)
        )
        held.forget(before=final - self._max_entries + 1)
        self._streams[stream] = held
        if close:
            held.closed = True
            self._closed_at[stream] = now
        self._ring(stream)

    def _ring(self, stream: str) -> None:
        for bell in self._bells.get(stream, ()):
            bell.ring()

    def _expire(self) -> None:
        """Drop what ended longer than the retention ago; the longest closed come first."""
        now = self._clock()
        while self._closed_at:
            stream, ended = next(iter(self._closed_at.items()))
            if ended + self._retention > now:
                return
            self.lose(stream)
