"""How subscribers fare when the log does not know the stream, or is away."""

import asyncio
from dataclasses import dataclass, field

import pytest

from services.core.errors import Unavailable
from services.foundation.events.cursor import STORED, Cursor
from services.foundation.events.feed import Limits
from services.foundation.events.hub import Gap, Hub
from services.foundation.events.port import EventLog
from tests.services.foundation.events.conftest import Lose
from tests.services.foundation.events.subscribers import Storage, Subscriber, epoch_of, events, write
from tests.services.foundation.events.unreliable import Unreliable


@pytest.fixture
def hub(log: EventLog) -> Hub:
    return Hub(log, limits=Limits(ask_every=0.02))


@pytest.fixture
def account() -> Storage:
    """Return what is stored of an ended generation."""
    storage = Storage()
    storage.keep(b"started", b"all the text", b"finished", ended=True)
    return storage


ACCOUNT = [(1, b"started"), (2, b"all the text"), (3, b"finished")]


async def test_after_retention_the_result_comes_from_storage(hub: Hub, stream: str, account: Storage) -> None:
    whole = Subscriber(hub, stream, history=account)

    assert await whole.to_the_end() == ACCOUNT
    for cursor in whole.cursors:
        assert cursor.epoch == STORED
        assert await Subscriber(hub, stream, after=cursor, history=account).to_the_end() == ACCOUNT[cursor.seq :]


async def test_a_live_cursor_after_retention_gets_a_gap_and_the_result(hub: Hub, stream: str, account: Storage) -> None:
    resumed = Subscriber(hub, stream, after=Cursor("gone", 7), history=account)

    assert await resumed.to_the_end() == [Gap(8, None), *ACCOUNT]
    for index, cursor in enumerate(resumed.cursors, start=1):
        rest = await Subscriber(hub, stream, after=cursor, history=account).to_the_end()
        assert rest == resumed.noted[index:]


async def test_what_an_archive_has_already_comes_before_the_log(log: EventLog, hub: Hub, stream: str) -> None:
    archive = Storage()
    archive.keep(b"e1", b"e2")
    subscriber = Subscriber(hub, stream, history=archive)
    await subscriber.has(2)
    await log.append(stream, [b"e3"], attempt=2, producer_seq=1, close=True, base=2)

    assert await subscriber.to_the_end() == events(1, 3)


async def test_an_object_that_ends_without_the_log_ends_its_followers(hub: Hub, stream: str, account: Storage) -> None:
    storage = Storage()
    follower = Subscriber(hub, stream, history=storage)
    storage.entries, storage.ended = account.entries, True

    assert await follower.to_the_end() == ACCOUNT


async def test_an_object_that_ends_after_its_log_was_lost_ends_its_followers(
    log: EventLog, hub: Hub, stream: str, lose: Lose, account: Storage
) -> None:
    storage = Storage()
    follower = Subscriber(hub, stream, history=storage)
    await write(log, stream, 1, 3)
    await follower.has(3)
    await lose(stream)
    await follower.has(4)
    storage.entries, storage.ended = account.entries, True

    assert await follower.to_the_end() == [*events(1, 3), Gap(4, None), *ACCOUNT]


async def test_a_stream_whose_writer_lost_the_log_ends_from_storage(
    log: EventLog, hub: Hub, stream: str, account: Storage
) -> None:
    await write(log, stream, 1, 3)

    assert await Subscriber(hub, stream, history=account).to_the_end() == [*events(1, 3), Gap(4, None), *ACCOUNT]


async def test_an_object_that_ends_between_two_questions_is_told_whole(hub: Hub, stream: str) -> None:
    class EndsMeanwhile(Storage):
        async def has_ended(self, stream: str) -> bool:
            self.keep(b"e1", b"e2", ended=True)
            return await super().has_ended(stream)

    assert await Subscriber(hub, stream, history=EndsMeanwhile()).to_the_end() == events(1, 2)


async def test_a_stored_result_whose_terminal_event_is_on_its_way_is_no_loss(
    log: EventLog, hub: Hub, stream: str
) -> None:
    class Finishing(Storage):
        async def has_ended(self, stream: str) -> bool:
            await write(log, stream, 4, 4, close=True)
            return await super().has_ended(stream)

    storage = Finishing()
    storage.keep(b"account", ended=True)
    await write(log, stream, 1, 3)

    assert await Subscriber(hub, stream, history=storage).to_the_end() == events(1, 4)


async def test_a_quiet_stream_that_goes_on_is_left_alone(log: EventLog, hub: Hub, stream: str) -> None:
    storage = Asked()
    follower = Subscriber(hub, stream, history=storage)
    await write(log, stream, 1, 3)
    await follower.has(3)
    await storage.was_asked(5)
    await write(log, stream, 4, 4, close=True)

    assert await follower.to_the_end() == events(1, 4)


async def test_followers_outlast_a_storage_that_is_away(log: EventLog, hub: Hub, stream: str) -> None:
    storage = Asked(away=True)
    follower = Subscriber(hub, stream, history=storage)
    await write(log, stream, 1, 3)
    await follower.has(3)
    await storage.was_asked(3)
    await write(log, stream, 4, 4, close=True)

    assert await follower.to_the_end() == events(1, 4)


async def test_followers_outlast_a_log_that_is_away(log: EventLog, stream: str) -> None:
    line = Unreliable(log)
    hub = Hub(line, limits=Limits(ask_every=0.02))
    storage = Asked()
    line.away = True
    early = Subscriber(hub, stream, history=storage)
    await storage.was_asked(2)
    line.away = False
    await write(log, stream, 1, 3)
    await early.has(3)
    line.away = True
    late = Subscriber(hub, stream, history=storage)
    await late.has(3)
    await write(log, stream, 4, 5, close=True)
    line.away = False

    assert await early.to_the_end() == events(1, 5)
    assert await late.to_the_end() == events(1, 5)


async def test_an_object_that_ends_while_the_log_is_away_ends_from_storage(
    log: EventLog, stream: str, account: Storage
) -> None:
    line = Unreliable(log)
    hub = Hub(line, limits=Limits(ask_every=0.02))
    storage = Storage()
    follower = Subscriber(hub, stream, history=storage)
    await write(log, stream, 1, 3)
    await follower.has(3)
    line.away = True
    newcomer = Subscriber(hub, stream, after=Cursor(STORED, 0), history=storage)
    await newcomer.has(3)
    await write(log, stream, 4, 5)
    storage.entries, storage.ended = account.entries, True

    assert await follower.to_the_end() == [*events(1, 3), Gap(4, None), *ACCOUNT]
    assert await newcomer.to_the_end() == [*events(1, 3), Gap(4, None), *ACCOUNT]


async def test_a_reader_behind_the_hub_waits_for_a_log_that_is_away(log: EventLog, stream: str) -> None:
    line = Unreliable(log)
    hub = Hub(line, limits=Limits(entries=2))
    quick = Subscriber(hub, stream)
    for number in range(1, 6):
        await write(log, stream, number, number)
        await quick.has(number)
    line.away = True
    behind = Subscriber(hub, stream, after=Cursor(await epoch_of(log, stream), 1))
    await write(log, stream, 6, 6, close=True)
    line.away = False

    assert await behind.to_the_end() == events(2, 6)
    assert await quick.to_the_end() == events(1, 6)


async def test_a_position_ahead_of_what_the_hub_has_heard_is_no_loss(log: EventLog, stream: str) -> None:
    line = Unreliable(log)
    line.deaf = True
    hub = Hub(line)
    await write(log, stream, 1, 2)
    stale = Subscriber(hub, stream)
    await stale.has(2)
    await write(log, stream, 3, 5, close=True)

    ahead = Subscriber(hub, stream, after=Cursor(await epoch_of(log, stream), 4))

    assert await ahead.to_the_end() == events(5, 5)
    await stale.leave()


async def test_a_position_in_a_life_that_the_hub_has_not_heard_of_is_no_loss(
    log: EventLog, stream: str, lose: Lose
) -> None:
    line = Unreliable(log)
    line.deaf = True
    hub = Hub(line)
    await write(log, stream, 1, 2)
    stale = Subscriber(hub, stream)
    await stale.has(2)
    await lose(stream)
    await write(log, stream, 1, 4, attempt=2, close=True)

    ahead = Subscriber(hub, stream, after=Cursor(await epoch_of(log, stream), 1))

    assert await ahead.to_the_end() == events(2, 4)
    await stale.leave()


@dataclass
class Asked(Storage):
    """A storage of an object that goes on; it tells when it was asked."""

    away: bool = False
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_ended(self, stream: str) -> bool:
        self.more.set()
        ended = await super().has_ended(stream)
        if self.away:
            raise Unavailable("The storage is away.")
        return ended

    async def was_asked(self, times: int) -> None:
        """Wait until it was asked so many times more."""
        enough = len(self.asked) + times
        async with asyncio.timeout(10):
            while len(self.asked) < enough:
                self.more.clear()
                await self.more.wait()
