"""What every event log promises (services/foundation/events/port.py), asked of each of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from services.foundation.events.port import Closed, Entry, EventLog, Fenced, Head, ProducerGap
from tests.services.foundation.events.conftest import Lose, MovingClock, NewLog


async def texts(log: EventLog, stream: str, *, after: int = 0) -> list[bytes]:
    return [entry.data for entry in (await log.read(stream, after=after)).entries]


async def until(changes: AsyncIterator[object], reached: Callable[[Head], bool], log: EventLog, stream: str) -> None:
    while not reached(await head(log, stream)):
        await anext(changes)


async def head(log: EventLog, stream: str) -> Head:
    return (await log.read(stream, after=0, limit=0)).head


async def test_a_stream_that_the_log_does_not_know_is_empty_and_open(log: EventLog, stream: str) -> None:
    page = await log.read(stream, after=0)

    assert page.head == Head(epoch=None, first=1, last=0, closed=False)
    assert list(page.entries) == []


async def test_entries_are_numbered_from_one_and_carry_time_and_data(
    log: EventLog, stream: str, clock: MovingClock
) -> None:
    begun = clock()
    await log.append(stream, [b"one", b"\x00\xfftwo"], attempt=1, producer_seq=1)
    clock.move(timedelta(microseconds=1))
    await log.append(stream, [b""], attempt=1, producer_seq=3)

    page = await log.read(stream, after=0)

    assert list(page.entries) == [
        Entry(seq=1, at=begun, data=b"one"),
        Entry(seq=2, at=begun, data=b"\x00\xfftwo"),
        Entry(seq=3, at=begun + timedelta(microseconds=1), data=b""),
    ]
    assert (page.head.first, page.head.last, page.head.closed) == (1, 3, False)


async def test_an_append_returns_the_seq_of_its_last_event(log: EventLog, stream: str) -> None:
    assert await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1) == 2
    assert await log.append(stream, [b"c"], attempt=1, producer_seq=3) == 3
    assert await log.append(stream, [b"d"], attempt=2, producer_seq=1) == 4


async def test_a_repeat_is_acknowledged_with_its_seq_and_not_stored_again(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"b", b"c"], attempt=1, producer_seq=1)

    assert await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1) == 2
    assert await log.append(stream, [b"a", b"b", b"c"], attempt=1, producer_seq=1) == 3
    assert await texts(log, stream) == [b"a", b"b", b"c"]


async def test_of_an_append_that_is_partly_a_repeat_the_rest_is_stored(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1)

    assert await log.append(stream, [b"b", b"c", b"d"], attempt=1, producer_seq=2) == 4
    assert await texts(log, stream) == [b"a", b"b", b"c", b"d"]


async def test_leaving_out_a_producer_number_is_refused(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a"], attempt=1, producer_seq=1)

    with pytest.raises(ProducerGap):
        await log.append(stream, [b"c"], attempt=1, producer_seq=3)
    with pytest.raises(ProducerGap):
        await log.append(stream, [b"b"], attempt=2, producer_seq=2)

    assert await texts(log, stream) == [b"a"]
    assert await log.append(stream, [b"b"], attempt=1, producer_seq=2) == 2


async def test_a_first_append_that_leaves_out_a_number_makes_no_stream(log: EventLog, stream: str) -> None:
    with pytest.raises(ProducerGap):
        await log.append(stream, [b"b"], attempt=1, producer_seq=2)

    assert (await head(log, stream)).epoch is None


async def test_a_new_attempt_replaces_the_old_one_and_counts_from_one(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1)
    epoch = (await head(log, stream)).epoch

    assert await log.append(stream, [b"c"], attempt=3, producer_seq=1) == 3
    with pytest.raises(Fenced):
        await log.append(stream, [b"late"], attempt=1, producer_seq=3)
    with pytest.raises(Fenced):
        await log.append(stream, [b"a"], attempt=2, producer_seq=1)

    assert await texts(log, stream) == [b"a", b"b", b"c"]
    assert (await head(log, stream)).epoch == epoch


async def test_even_a_repeat_of_a_replaced_attempt_is_fenced(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a"], attempt=1, producer_seq=1)
    await log.append(stream, [b"b"], attempt=2, producer_seq=1)

    with pytest.raises(Fenced):
        await log.append(stream, [b"a"], attempt=1, producer_seq=1)


async def test_closing_makes_the_last_event_terminal(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"end"], attempt=1, producer_seq=1, close=True)

    page = await log.read(stream, after=0)

    assert [(entry.data, entry.terminal) for entry in page.entries] == [(b"a", False), (b"end", True)]
    assert page.head.closed


async def test_a_closed_stream_takes_no_more(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"end"], attempt=1, producer_seq=1, close=True)

    for attempt, producer_seq in [(1, 2), (1, 9), (2, 1), (2, 5)]:
        with pytest.raises(Closed):
            await log.append(stream, [b"late"], attempt=attempt, producer_seq=producer_seq)
    with pytest.raises(Closed):
        await log.append(stream, [b"end", b"late"], attempt=1, producer_seq=1)

    assert await texts(log, stream) == [b"end"]


async def test_closing_again_is_harmless(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"end"], attempt=1, producer_seq=1, close=True)

    assert await log.append(stream, [b"a", b"end"], attempt=1, producer_seq=1, close=True) == 2
    assert await log.append(stream, [b"a"], attempt=1, producer_seq=1) == 1
    assert await texts(log, stream) == [b"a", b"end"]


async def test_a_replaced_attempt_is_fenced_from_a_closed_stream(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"end"], attempt=2, producer_seq=1, close=True)

    with pytest.raises(Fenced):
        await log.append(stream, [b"late"], attempt=1, producer_seq=5)


async def test_what_was_refused_does_not_fence(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a"], attempt=1, producer_seq=1)
    with pytest.raises(ProducerGap):
        await log.append(stream, [b"x"], attempt=2, producer_seq=2)

    assert await log.append(stream, [b"b"], attempt=1, producer_seq=2) == 2


@pytest.mark.parametrize(("data", "attempt", "producer_seq"), [([], 1, 1), ([b"a"], 0, 1), ([b"a"], 1, 0)])
async def test_an_append_that_nobody_means_is_an_error(
    log: EventLog, stream: str, data: list[bytes], attempt: int, producer_seq: int
) -> None:
    with pytest.raises(ValueError, match=r"An append|Attempts"):
        await log.append(stream, data, attempt=attempt, producer_seq=producer_seq)

    assert (await head(log, stream)).epoch is None


async def test_a_new_stream_continues_after_its_base(log: EventLog, stream: str) -> None:
    assert await log.append(stream, [b"a"], attempt=4, producer_seq=1, base=70) == 71
    assert await log.append(stream, [b"b"], attempt=4, producer_seq=2, base=99) == 72

    page = await log.read(stream, after=0)

    assert [entry.seq for entry in page.entries] == [71, 72]
    assert (page.head.first, page.head.last) == (71, 72)


async def test_reading_returns_what_follows_a_position_up_to_a_limit(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"%d" % number for number in range(1, 11)], attempt=1, producer_seq=1)

    assert [entry.seq for entry in (await log.read(stream, after=3, limit=4)).entries] == [4, 5, 6, 7]
    assert [entry.seq for entry in (await log.read(stream, after=8, limit=4)).entries] == [9, 10]
    assert list((await log.read(stream, after=10, limit=4)).entries) == []
    assert list((await log.read(stream, after=12, limit=4)).entries) == []
    assert list((await log.read(stream, after=0, limit=0)).entries) == []


async def test_trimming_forgets_the_oldest_and_keeps_epoch_and_last(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"b", b"c"], attempt=1, producer_seq=1)
    epoch = (await head(log, stream)).epoch

    await log.trim(stream, before=3)

    assert await head(log, stream) == Head(epoch=epoch, first=3, last=3, closed=False)
    assert await texts(log, stream) == [b"c"]


async def test_a_stream_trimmed_empty_goes_on_counting(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1)
    epoch = (await head(log, stream)).epoch

    await log.trim(stream, before=100)
    assert await head(log, stream) == Head(epoch=epoch, first=3, last=2, closed=False)

    assert await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1) == 2
    assert await log.append(stream, [b"c"], attempt=1, producer_seq=3) == 3
    assert await head(log, stream) == Head(epoch=epoch, first=3, last=3, closed=False)


async def test_trimming_a_stream_that_the_log_does_not_know_does_nothing(log: EventLog, stream: str) -> None:
    await log.trim(stream, before=5)

    assert (await head(log, stream)).epoch is None


async def test_a_stream_keeps_only_its_newest_entries(new_log: NewLog, stream: str) -> None:
    log = new_log(max_entries=3)
    await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1)
    await log.append(stream, [b"c", b"d", b"e"], attempt=1, producer_seq=3)

    assert await texts(log, stream) == [b"c", b"d", b"e"]
    assert (await head(log, stream)).first == 3


async def test_a_stream_that_was_lost_begins_again_under_another_epoch(log: EventLog, stream: str, lose: Lose) -> None:
    await log.append(stream, [b"a"], attempt=1, producer_seq=1)
    epoch = (await head(log, stream)).epoch
    await lose(stream)
    assert (await head(log, stream)).epoch is None

    assert await log.append(stream, [b"b"], attempt=1, producer_seq=1) == 1
    assert (await head(log, stream)).epoch not in (None, epoch)


async def test_a_forgotten_stream_begins_another_life_even_after_its_end(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a"], attempt=1, producer_seq=1, close=True)
    before = (await log.read(stream, after=0)).head

    await log.forget(stream)

    assert (await log.read(stream, after=0)).head.epoch is None
    assert await log.append(stream, [b"b"], attempt=2, producer_seq=1) == 1
    after = (await log.read(stream, after=0)).head
    assert (after.last, after.closed) == (1, False)
    assert after.epoch != before.epoch


async def test_streams_do_not_know_of_each_other(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"a", b"end"], attempt=5, producer_seq=1, close=True)

    assert await log.append(f"{stream}x", [b"b"], attempt=1, producer_seq=1) == 1
    assert await texts(log, f"{stream}x") == [b"b"]


async def test_watching_yields_at_once(log: EventLog, stream: str) -> None:
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await anext(changes)


async def test_an_append_made_before_the_first_yield_is_read_after_it(log: EventLog, stream: str) -> None:
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await log.append(stream, [b"a"], attempt=1, producer_seq=1)
        await anext(changes)

        assert await texts(log, stream) == [b"a"]


async def test_appends_trims_and_losses_wake_a_watcher(log: EventLog, stream: str, lose: Lose) -> None:
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1)
        await until(changes, lambda head: head.last == 2, log, stream)
        await log.trim(stream, before=2)
        await until(changes, lambda head: head.first == 2, log, stream)
        await lose(stream)
        await until(changes, lambda head: head.epoch is None, log, stream)


async def test_watching_and_reading_while_a_writer_appends_misses_nothing(log: EventLog, stream: str) -> None:
    async def write() -> None:
        for number in range(1, 201):
            await log.append(stream, [b"%d" % number], attempt=1, producer_seq=number, close=number == 200)

    async def follow() -> list[int]:
        seen: list[int] = []
        async with log.watch(stream) as changes:
            async for _ in changes:
                page = await log.read(stream, after=len(seen))
                seen += [entry.seq for entry in page.entries]
                if page.head.closed:
                    return seen
        return seen

    async with asyncio.timeout(30):
        _, *seen = await asyncio.gather(write(), *(follow() for _ in range(5)))

    assert seen == [list(range(1, 201))] * 5


async def test_waiting_for_a_change_may_be_cancelled_and_taken_up_again(log: EventLog, stream: str) -> None:
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await anext(changes)
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

        await log.append(stream, [b"a"], attempt=1, producer_seq=1)
        await until(changes, lambda head: head.last == 1, log, stream)


async def test_closing_the_log_ends_the_watching(log: EventLog, stream: str) -> None:
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await log.close()

        assert [None async for _ in changes] in ([], [None])


@pytest.mark.parametrize("turns", range(12))
async def test_closing_the_log_ends_whatever_is_beginning_to_watch(log: EventLog, stream: str, turns: int) -> None:
    async def watch() -> None:
        async with log.watch(stream) as changes:
            async for _ in changes:
                pass

    watching = asyncio.create_task(watch())
    for _ in range(turns):
        await asyncio.sleep(0)
    await log.close()

    async with asyncio.timeout(10):
        await watching


async def test_two_writers_of_one_attempt_number_store_each_event_once(log: EventLog, stream: str) -> None:
    events = [b"%d" % number for number in range(1, 51)]

    async def write() -> None:
        for number, event in enumerate(events, start=1):
            await log.append(stream, [event], attempt=1, producer_seq=number)

    async with asyncio.timeout(30):
        await asyncio.gather(write(), write(), write())

    assert await texts(log, stream) == events


async def test_a_log_that_is_there_answers_a_ping(log: EventLog) -> None:
    await log.ping()
