"""How subscribers follow a stream through the hub while its log is there."""

import asyncio
from collections.abc import Sequence

import pytest

from services.foundation.events.cursor import STORED, Cursor
from services.foundation.events.feed import Limits
from services.foundation.events.hub import Batch, Gap, Hub
from services.foundation.events.port import Entry, EventLog, LogUnavailable
from tests.services.foundation.events.conftest import Lose
from tests.services.foundation.events.subscribers import Storage, Subscriber, epoch_of, events, next_batch, write


@pytest.fixture
def hub(log: EventLog) -> Hub:
    return Hub(log)


async def test_subscribers_from_the_start_late_and_after_the_end_see_the_same(
    log: EventLog, hub: Hub, stream: str
) -> None:
    early = Subscriber(hub, stream)
    await write(log, stream, 1, 3)
    await early.has(3)
    late = Subscriber(hub, stream)
    await late.has(3)
    await write(log, stream, 4, 6, close=True)

    assert await early.to_the_end() == events(1, 6)
    assert await late.to_the_end() == events(1, 6)
    assert await Subscriber(hub, stream).to_the_end() == events(1, 6)


async def test_resuming_at_every_cursor_gives_exactly_the_rest(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 5)
    await write(log, stream, 6, 8, close=True)
    whole = Subscriber(hub, stream)
    await whole.to_the_end()

    for cursor in whole.cursors:
        assert await Subscriber(hub, stream, after=cursor).to_the_end() == events(cursor.seq + 1, 8)


async def test_a_subscription_opened_before_the_first_event_waits(log: EventLog, hub: Hub, stream: str) -> None:
    async with hub.follow(stream, after=None, history=Storage()) as batches:
        first = asyncio.create_task(next_batch(batches))
        await write(log, stream, 1, 1, close=True)

        assert [entry.data for entry in (await first).entries] == [b"e1"]


async def test_many_subscribers_share_one_reader_which_goes_with_the_last(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 2)
    before = asyncio.all_tasks()
    subscribers = [Subscriber(hub, stream) for _ in range(10)]
    for subscriber in subscribers:
        await subscriber.has(2)

    assert hub.streams == 1
    assert sum(task.get_name() == f"feed {stream}" for task in asyncio.all_tasks()) == 1

    for subscriber in subscribers[1:]:
        await subscriber.leave()
    assert hub.streams == 1
    await write(log, stream, 3, 3)
    await subscribers[0].has(3)
    await subscribers[0].leave()
    await log.close()

    assert hub.streams == 0
    assert asyncio.all_tasks() == before


async def test_followers_who_pour_are_given_what_comes_as_it_comes_until_they_refuse(
    log: EventLog, hub: Hub, stream: str
) -> None:
    await write(log, stream, 1, 1)
    pouring, iterating = [Subscriber(hub, stream, pours=pours) for pours in (True, False)]
    for last in range(2, 12):
        await pouring.has(last - 1)
        await iterating.has(last - 1)
        await write(log, stream, last, last)
    await pouring.has(11)
    await write(log, stream, 12, 12, close=True)

    assert await pouring.to_the_end() == await iterating.to_the_end() == events(1, 12)
    assert pouring.poured >= 5
    assert iterating.poured == 0


async def test_hundreds_of_followers_who_pour_all_are_given_everything(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 1)
    followers = [Subscriber(hub, stream) for _ in range(450)]
    for follower in followers:
        await follower.has(1)
    for seq in range(2, 6):
        await write(log, stream, seq, seq)
    await write(log, stream, 6, 6, close=True)

    for follower in followers:
        assert await follower.to_the_end() == events(1, 6)


async def test_what_fails_as_it_is_poured_fails_its_follower_alone(log: EventLog, hub: Hub, stream: str) -> None:
    def fail(batch: Batch) -> bool:
        raise RuntimeError(batch.entries[0].data)

    await write(log, stream, 1, 1)
    other = Subscriber(hub, stream)
    await other.has(1)
    async with hub.follow(stream, after=None, history=Storage()) as batches:
        await next_batch(batches)
        pouring = asyncio.create_task(batches.pour(fail))
        await asyncio.sleep(0)
        await write(log, stream, 2, 2)
        with pytest.raises(RuntimeError, match="e2"):
            await asyncio.wait_for(pouring, 10)
        assert [entry.data for entry in (await next_batch(batches)).entries] == [b"e2"]
    await write(log, stream, 3, 3, close=True)

    assert await other.to_the_end() == events(1, 3)


async def test_a_slow_reader_takes_all_it_missed_and_holds_nobody_up(log: EventLog, stream: str) -> None:
    hub = Hub(log, limits=Limits(entries=10), batch=40)
    async with hub.follow(stream, after=None, history=Storage()) as slow:
        await write(log, stream, 1, 1)
        first = await next_batch(slow)
        quick = Subscriber(hub, stream)
        for number in range(2, 101):
            await write(log, stream, number, number, close=number == 100)
        assert await quick.to_the_end() == events(1, 100)

        rest = [batch async for batch in slow]

    assert [entry.seq for entry in first.entries] == [1]
    assert [entry.seq for batch in rest for entry in batch.entries] == list(range(2, 101))
    assert max(len(batch.entries) for batch in rest) == 40


async def test_what_the_hub_keeps_is_bounded_in_bytes_too(log: EventLog, stream: str) -> None:
    hub = Hub(log, limits=Limits(bytes=10))
    early = Subscriber(hub, stream)
    for number in range(1, 10):
        await write(log, stream, number, number)
        await early.has(number)
    late = Subscriber(hub, stream)
    await write(log, stream, 10, 10, close=True)

    assert await early.to_the_end() == events(1, 10)
    assert await late.to_the_end() == events(1, 10)


async def test_entries_that_the_log_no_longer_keeps_come_from_history(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 6, close=True)
    await log.trim(stream, before=5)
    storage = Storage()
    storage.keep(b"e1", b"e2", b"e3", b"e4", b"e5")
    epoch = await epoch_of(log, stream)

    assert await Subscriber(hub, stream, history=storage).to_the_end() == events(1, 6)
    after = Cursor(epoch=epoch, seq=2)
    assert await Subscriber(hub, stream, after=after, history=storage).to_the_end() == events(3, 6)


async def test_what_history_has_not_got_either_is_announced_as_a_gap(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 8, close=True)
    await log.trim(stream, before=7)
    storage = Storage()
    storage.keep(b"e3", b"e4", first=3)
    epoch = await epoch_of(log, stream)

    from_the_start = await Subscriber(hub, stream, history=storage).to_the_end()
    resumed = await Subscriber(hub, stream, after=Cursor(epoch=epoch, seq=5), history=storage).to_the_end()

    assert from_the_start == [Gap(1, 2), *events(3, 4), Gap(5, 6), *events(7, 8)]
    assert resumed == [Gap(6, 6), *events(7, 8)]


async def test_a_stream_that_goes_on_after_its_archive_is_one_stream(log: EventLog, hub: Hub, stream: str) -> None:
    storage = Storage()
    storage.keep(b"e1", b"e2")
    await log.append(stream, [b"e3", b"e4"], attempt=2, producer_seq=1, close=True, base=2)

    assert await Subscriber(hub, stream, history=storage).to_the_end() == events(1, 4)


async def test_a_cursor_from_storage_goes_on_in_the_log(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 4, close=True)
    storage = Storage()
    storage.keep(b"e1", b"e2")

    held = await Subscriber(hub, stream, after=Cursor(STORED, 2), history=storage).to_the_end()
    not_held = await Subscriber(hub, stream, after=Cursor(STORED, 3), history=storage).to_the_end()

    assert held == events(3, 4)
    assert not_held == [Gap(4, None), *events(1, 4)]


async def test_the_account_of_an_ended_object_is_not_mixed_with_its_log(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 9, close=True)
    storage = Storage()
    storage.keep(b"started", b"all the text", b"finished", ended=True)

    resumed = await Subscriber(hub, stream, after=Cursor(STORED, 1), history=storage).to_the_end()
    at_the_end = await Subscriber(hub, stream, after=Cursor(STORED, 3), history=storage).to_the_end()

    assert resumed == [(2, b"all the text"), (3, b"finished")]
    assert at_the_end == []


async def test_a_cursor_of_another_life_gets_a_gap_and_everything(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 3, close=True)

    noted = await Subscriber(hub, stream, after=Cursor("another", 2)).to_the_end()

    assert noted == [Gap(3, None), *events(1, 3)]


async def test_a_cursor_that_was_never_given_gets_a_gap_and_everything(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 3, close=True)
    epoch = await epoch_of(log, stream)

    noted = await Subscriber(hub, stream, after=Cursor(epoch, 4)).to_the_end()

    assert noted == [Gap(5, None), *events(1, 3)]


async def test_a_cursor_at_the_end_of_a_closed_stream_ends_at_once(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 3, close=True)

    assert await Subscriber(hub, stream, after=Cursor(await epoch_of(log, stream), 3)).to_the_end() == []


async def test_a_log_lost_under_a_follower_is_a_gap_and_a_new_start(
    log: EventLog, hub: Hub, stream: str, lose: Lose
) -> None:
    follower, late = Subscriber(hub, stream), Subscriber(hub, stream)
    await write(log, stream, 1, 3)
    await follower.has(3)
    await late.has(3)
    await lose(stream)
    await follower.has(4)
    await write(log, stream, 1, 2, attempt=2, close=True)

    assert await follower.to_the_end() == [*events(1, 3), Gap(4, None), *events(1, 2)]
    assert await late.to_the_end() == [*events(1, 3), Gap(4, None), *events(1, 2)]
    for index, cursor in enumerate(follower.cursors[3:], start=4):
        rest = await Subscriber(hub, stream, after=cursor).to_the_end()
        assert rest == follower.noted[index:]


async def test_a_log_lost_and_begun_anew_at_once_is_a_gap_too(log: EventLog, hub: Hub, stream: str, lose: Lose) -> None:
    follower = Subscriber(hub, stream)
    await write(log, stream, 1, 3)
    await follower.has(3)
    await lose(stream)
    await write(log, stream, 1, 5, attempt=2, close=True)

    assert await follower.to_the_end() == [*events(1, 3), Gap(4, None), *events(1, 5)]


class Broken(Storage):
    """A storage that does not work."""

    async def read(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        raise RuntimeError(stream, after, limit)


async def test_a_failing_history_fails_its_subscriber_only(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 2)
    await log.trim(stream, before=2)
    healthy = Subscriber(hub, stream, after=Cursor(await epoch_of(log, stream), 1))
    await healthy.has(1)

    with pytest.raises(RuntimeError):
        await Subscriber(hub, stream, history=Broken()).to_the_end()
    await write(log, stream, 3, 3, close=True)

    assert await healthy.to_the_end() == events(2, 3)


async def test_closing_the_log_does_not_leave_followers_hanging(log: EventLog, hub: Hub, stream: str) -> None:
    follower = Subscriber(hub, stream)
    await write(log, stream, 1, 1)
    await follower.has(1)
    await log.close()

    with pytest.raises(LogUnavailable):
        await follower.to_the_end()
