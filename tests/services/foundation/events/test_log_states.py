"""A random life of a stream: whatever writers, zombies, trims and losses do, a log does what a model does.

The model is the port's promises written down once more, as plainly as can be. Followers come and go: each must be given
the model's events, in order, once, with every loss announced, wherever it resumes and however slowly it reads.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from services.core.clock import utc_now
from services.foundation.events.cursor import Cursor
from services.foundation.events.hub import Gap, Hub
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import Closed, EventLog, Fenced, ProducerGap
from services.foundation.events.redis import RedisLog, keys
from services.foundation.events.redis_address import name_of
from services.foundation.events.sharded import ShardedLog
from tests.services.foundation.events.subscribers import Noted, Storage, Subscriber

T = TypeVar("T")
BATCHES = st.lists(st.binary(max_size=3), min_size=1, max_size=4)


@dataclass
class Model:
    """One life of a stream."""

    base: int = 0
    data: list[bytes] = field(default_factory=list[bytes])
    trimmed: int = 0
    attempt: int = 0
    stored: int = 0
    closed: bool = False

    @property
    def last(self) -> int:
        return self.base + len(self.data)

    @property
    def first(self) -> int:
        return self.base + self.trimmed + 1

    def append(self, data: list[bytes], *, attempt: int, number: int, close: bool) -> "int | type[Exception]":
        if attempt < self.attempt:
            return Fenced
        stored = self.stored if attempt == self.attempt else 0
        new = data[max(stored + 1 - number, 0) :]
        if self.closed and new:
            return Closed
        if number > stored + 1:
            return ProducerGap
        if new:
            self.data += new
            self.attempt, self.stored, self.closed = attempt, number + len(data) - 1, close
        return self.last - (self.stored - (number + len(data) - 1))

    def events(self, *, after: int = 0) -> list[Noted]:
        """Return the kept events that follow a position."""
        return [(seq, item) for seq, item in enumerate(self.data, self.base + 1) if seq >= self.first and seq > after]


def check(noted: list[Noted]) -> None:
    """Demand that nothing is left out or given twice without a gap that says so."""
    seq = 0
    for note in noted:
        if isinstance(note, Gap):
            assert note.from_seq == seq + 1
            seq = note.to_seq or 0
        else:
            assert note[0] == seq + 1
            seq += 1


class StreamLife(RuleBasedStateMachine):
    """Runs one stream of one log; subclasses say which log."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stream = uuid4().hex
        self.model = Model()
        self.log = self.run(self.opened())
        self.hub = Hub(self.log)
        self.cursor: Cursor | None = None
        """Where the last follower left, or somewhere before that."""
        self.lasting: Subscriber | None = None
        """One that stays, and reads only when the test lets the loop run."""

    async def opened(self) -> EventLog:
        raise NotImplementedError

    async def lost(self) -> None:
        raise NotImplementedError

    def run(self, doing: "Awaitable[T]") -> T:
        async def run() -> T:
            async with asyncio.timeout(10):
                return await doing

        return self.runner.run(run())

    def append(self, data: list[bytes], *, attempt: int, number: int, close: bool = False, base: int = 0) -> None:
        if not self.model.data:
            self.model = Model(base=base)
        expected = self.model.append(data, attempt=attempt, number=number, close=close)
        append = self.log.append(self.stream, data, attempt=attempt, producer_seq=number, close=close, base=base)
        if isinstance(expected, int):
            assert self.run(append) == expected
        else:
            with pytest.raises(expected):
                self.run(append)
            if not self.model.data:
                self.model = Model()

    @rule(data=BATCHES)
    def the_writer_appends(self, data: list[bytes]) -> None:
        self.append(data, attempt=max(self.model.attempt, 1), number=self.model.stored + 1)

    @rule(data=BATCHES, back=st.integers(1, 5))
    def the_writer_repeats(self, data: list[bytes], back: int) -> None:
        """Repeat the last events, in part perhaps, with new ones behind."""
        back = min(back, self.model.stored)
        again = self.model.data[len(self.model.data) - back :] if back else []
        self.append([*again, *data], attempt=max(self.model.attempt, 1), number=self.model.stored + 1 - back)
        if again:
            self.append(again, attempt=self.model.attempt, number=self.model.stored + 1 - len(again))

    @rule(data=BATCHES, ahead=st.integers(2, 4), newer=st.integers(0, 1))
    def the_writer_leaves_something_out(self, data: list[bytes], ahead: int, newer: int) -> None:
        number = (0 if newer else self.model.stored) + ahead
        self.append(data, attempt=max(self.model.attempt + newer, 1), number=number)

    @rule(data=BATCHES, newer=st.integers(1, 3), base=st.integers(0, 3))
    def a_new_attempt_begins(self, data: list[bytes], newer: int, base: int) -> None:
        self.append(data, attempt=self.model.attempt + newer, number=1, base=base)

    @precondition(lambda self: self.model.attempt > 1)
    @rule(data=BATCHES, number=st.integers(1, 9), close=st.booleans())
    def a_zombie_appends(self, data: list[bytes], number: int, *, close: bool) -> None:
        self.append(data, attempt=self.model.attempt - 1, number=number, close=close)

    @rule(data=BATCHES)
    def the_writer_closes(self, data: list[bytes]) -> None:
        self.append(data, attempt=max(self.model.attempt, 1), number=self.model.stored + 1, close=True)

    @precondition(lambda self: self.model.closed)
    @rule(data=BATCHES, attempt=st.integers(0, 2), number=st.integers(1, 9))
    def someone_appends_after_the_end(self, data: list[bytes], attempt: int, number: int) -> None:
        self.append(data, attempt=self.model.attempt + attempt, number=self.model.stored + number)

    @rule(ahead=st.integers(-2, 6))
    def old_entries_are_trimmed(self, ahead: int) -> None:
        before = self.model.first + ahead
        self.run(self.log.trim(self.stream, before=before))
        self.model.trimmed = min(max(before - self.model.base - 1, self.model.trimmed), len(self.model.data))

    @rule()
    def the_log_is_lost(self) -> None:
        self.run(self.lost())
        self.model = Model()

    @rule(pours=st.booleans())
    def someone_follows(self, *, pours: bool) -> None:
        """Follow from the start, to the last event there is, and leave."""
        self.follow(after=None, pours=pours)

    @precondition(lambda self: self.cursor)
    @rule(pours=st.booleans())
    def someone_follows_on(self, *, pours: bool) -> None:
        """Follow from where the last follower left."""
        self.follow(after=self.cursor, pours=pours)

    @rule(pours=st.booleans())
    def someone_stays(self, *, pours: bool) -> None:
        self.lasting = self.lasting or self.run(self._stay(pours=pours))

    @rule()
    def the_one_that_stays_catches_up(self) -> None:
        if self.lasting and self.model.data:
            self.run(self._caught_up(self.lasting))

    @invariant()
    def the_one_that_stays_was_told_everything(self) -> None:
        if self.lasting:
            check(self.lasting.noted)

    @invariant()
    def the_log_has_what_the_model_has(self) -> None:
        found = self.run(self.log.read(self.stream, after=0))
        known = bool(self.model.data)

        assert [(entry.seq, entry.data) for entry in found.entries] == self.model.events()
        assert [entry.seq for entry in found.entries if entry.terminal] == (
            [self.model.last] if self.model.closed and self.model.events() else []
        )
        assert (found.head.first, found.head.last) == (self.model.first, self.model.last)
        assert found.head.closed == self.model.closed
        assert (found.head.epoch is not None) == known

    def follow(self, *, after: Cursor | None, pours: bool) -> None:
        if self.model.data:
            self.run(self._follow(after, self.expected(after), pours=pours))

    def expected(self, after: Cursor | None) -> list[Noted]:
        """Return what a follower without a storage is given now."""
        head = self.run(self.log.read(self.stream, after=0, limit=0)).head
        lost = after is not None and (after.epoch != head.epoch or after.seq > head.last)
        seq = after.seq if after and not lost else 0
        announced: list[Noted] = [Gap(after.seq + 1, None)] if after and lost else []
        missing: list[Noted] = [Gap(seq + 1, head.first - 1)] if seq + 1 < head.first else []
        return [*announced, *missing, *self.model.events(after=seq)]

    async def _follow(self, after: Cursor | None, expected: list[Noted], *, pours: bool) -> None:
        follower = Subscriber(self.hub, self.stream, after=after, history=Storage(), pours=pours)
        if self.model.closed:
            await follower.to_the_end()
        await follower.has(len(expected))
        await follower.leave()

        assert follower.noted == expected
        if follower.cursors:
            self.cursor = follower.cursors[len(follower.cursors) // 2]

    async def _stay(self, *, pours: bool) -> Subscriber:
        return Subscriber(self.hub, self.stream, pours=pours)

    async def _caught_up(self, follower: Subscriber) -> None:
        """Wait until the follower stands at the end of the stream, in its present life."""
        epoch = (await self.log.read(self.stream, after=0, limit=0)).head.epoch
        while not follower.cursors or follower.cursors[-1] != Cursor(str(epoch), self.model.last):
            if not await follower.is_given_more():
                self.lasting = None
                return  # it saw the end of a life that was lost since
        life = [index for index, note in enumerate(follower.noted) if isinstance(note, Gap) and note.to_seq is None]
        for note in follower.noted[life[-1] + 1 if life else 0 :]:
            assert isinstance(note, Gap) or note[1] == self.model.data[note[0] - self.model.base - 1]
        if self.model.closed:
            await follower.to_the_end()
            self.lasting = None

    def teardown(self) -> None:
        if self.lasting:
            self.run(self.lasting.leave())
        self.run(self.log.close())
        self.runner.close()


SETTINGS = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_memory_lives_like_the_model() -> None:
    class InMemory(StreamLife):
        async def opened(self) -> EventLog:
            return MemoryLog(utc_now)

        async def lost(self) -> None:
            assert isinstance(self.log, MemoryLog)
            self.log.lose(self.stream)

    run_state_machine_as_test(InMemory, settings=SETTINGS)  # pyright: ignore[reportUnknownMemberType] - untyped


def redis_life(urls: Sequence[str]) -> type[StreamLife]:
    """Return the life of a stream in one Redis, or in one of several."""

    class InRedis(StreamLife):
        async def opened(self) -> EventLog:
            logs = {name_of(url): RedisLog(url, utc_now, check_every=0.02) for url in urls}
            return ShardedLog(logs) if len(logs) > 1 else logs[name_of(urls[0])]

        async def lost(self) -> None:
            for url in urls:
                async with Redis.from_url(url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped
                    await redis.delete(*keys(self.stream))

    return InRedis


def test_redis_lives_like_the_model(redis_url: str) -> None:
    run_state_machine_as_test(redis_life([redis_url]), settings=SETTINGS)  # pyright: ignore[reportUnknownMemberType] - untyped


def test_three_redis_servers_live_like_the_model(redis_urls: list[str]) -> None:
    run_state_machine_as_test(redis_life(redis_urls), settings=SETTINGS)  # pyright: ignore[reportUnknownMemberType] - untyped
