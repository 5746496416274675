"""How one attempt of a job gets its events into the log."""

import asyncio

import pytest

from services.foundation.events.port import Closed, EventLog, Fenced
from services.foundation.events.producer import Producer
from tests.services.foundation.events.conftest import Lose
from tests.services.foundation.events.unreliable import Unreliable


@pytest.fixture
def line(log: EventLog) -> Unreliable:
    return Unreliable(log)


async def stored(log: EventLog, stream: str) -> list[bytes]:
    return [entry.data for entry in (await log.read(stream, after=0, limit=10_000)).entries]


async def put_and_flush(producer: Producer, data: bytes) -> None:
    await producer.put(data)
    await producer.flush()


async def is_closed(log: EventLog, stream: str) -> bool:
    return (await log.read(stream, after=0, limit=0)).head.closed


async def test_events_are_stored_in_order_and_the_last_one_closes(log: EventLog, stream: str) -> None:
    async with Producer(log, stream, 1) as producer:
        for number in range(100):
            await producer.put(b"%d" % number)
        await producer.close(b"end")

        assert (producer.lost, producer.seq) == (False, 101)
    assert await stored(log, stream) == [*(b"%d" % number for number in range(100)), b"end"]
    assert await is_closed(log, stream)


async def test_the_first_event_goes_alone_and_at_once_and_the_rest_together(line: Unreliable, stream: str) -> None:
    line.passing.clear()
    async with Producer(line, stream, 1) as producer:
        await producer.put(b"a")
        assert line.appends == [(1, 1, False)]
        for event in (b"b", b"c", b"d"):
            await producer.put(event)
        line.passing.set()
        await producer.close(b"end")

    assert line.appends == [(1, 1, False), (2, 4, True)]
    assert await stored(line, stream) == [b"a", b"b", b"c", b"d", b"end"]


async def test_a_writer_that_waits_for_nothing_does_not_hold_its_own_appends_up(line: Unreliable, stream: str) -> None:
    async with Producer(line, stream, 1) as producer:
        for _ in range(100_000):
            await producer.put(b".")
            if len(line.appends) > 1:
                break

        assert len(line.appends) > 1
        await producer.close(b"end")


async def test_an_append_is_bounded_however_much_has_gathered(line: Unreliable, stream: str) -> None:
    line.passing.clear()
    async with Producer(line, stream, 1, backpressure=10**9, max_bytes=10**9) as producer:
        for _ in range(2501):
            await producer.put(b".")
        for _ in range(3):
            await producer.put(b"x" * 700_000)
        line.passing.set()
        await producer.flush()

    assert [count for _, count, _ in line.appends] == [1, 1000, 1000, 501, 1, 1]
    assert len(await stored(line, stream)) == 2504


async def test_a_repeat_after_a_lost_answer_stores_nothing_twice(line: Unreliable, stream: str) -> None:
    line.lost_answers = 3
    async with Producer(line, stream, 1) as producer:
        await producer.put(b"a")
        await producer.put(b"b")
        await producer.close(b"end")

        assert (producer.lost, producer.seq) == (False, 3)
    assert len(line.appends) > 3
    assert await stored(line, stream) == [b"a", b"b", b"end"]


async def test_a_lost_answer_to_the_end_itself_is_harmless(line: Unreliable, stream: str) -> None:
    async with Producer(line, stream, 1) as producer:
        await producer.put(b"a")
        await producer.flush()
        line.lost_answers = 1
        await producer.close(b"end")

    assert await stored(line, stream) == [b"a", b"end"]
    assert await is_closed(line, stream)


async def test_a_slow_log_holds_the_writer_back(line: Unreliable, stream: str) -> None:
    line.passing.clear()
    async with Producer(line, stream, 1, backpressure=10) as producer:
        await producer.put(b"12345")
        await producer.put(b"67890")
        held_back = asyncio.create_task(producer.put(b"x"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not held_back.done()
        line.passing.set()
        async with asyncio.timeout(10):
            await held_back
            await producer.flush()

        assert not producer.lost
    assert await stored(line, stream) == [b"12345", b"67890", b"x"]


async def test_a_writer_goes_on_while_the_log_is_away(line: Unreliable, stream: str) -> None:
    line.away = True
    async with Producer(line, stream, 1, backpressure=10) as producer:
        async with asyncio.timeout(10):
            for _ in range(100):
                await producer.put(b"12345")
        line.away = False
        await producer.close(b"end")

        assert not producer.lost
    assert await stored(line, stream) == [*[b"12345"] * 100, b"end"]


async def test_too_many_events_for_a_log_that_is_away_are_lost(line: Unreliable, stream: str) -> None:
    line.away = True
    async with Producer(line, stream, 1, backpressure=10, max_bytes=50) as producer:
        async with asyncio.timeout(10):
            while not producer.lost:
                await producer.put(b"12345")
            await producer.put(b"more")
            await producer.flush()
            await producer.close(b"end")
    line.away = False

    assert await stored(line, stream) == []


async def test_nobody_waits_for_ever_for_a_log_that_is_away(line: Unreliable, stream: str) -> None:
    line.away = True
    async with Producer(line, stream, 1, patience=0) as producer:
        await producer.put(b"a")
        async with asyncio.timeout(10):
            await producer.close(b"end")

        assert producer.lost


async def test_a_log_that_forgot_earlier_events_loses_the_producer(log: EventLog, stream: str, lose: Lose) -> None:
    async with Producer(log, stream, 1) as producer:
        await producer.put(b"a")
        await producer.flush()
        await lose(stream)
        await producer.put(b"b")
        await producer.close(b"end")

        assert producer.lost
    assert await stored(log, stream) == []


async def test_a_replaced_writer_is_told_so(log: EventLog, stream: str) -> None:
    async with Producer(log, stream, 1) as old, Producer(log, stream, 2) as new:
        await old.put(b"a")
        await old.flush()
        await new.put(b"b")
        await new.flush()

        with pytest.raises(Fenced):
            await put_and_flush(old, b"late")
        with pytest.raises(Fenced):
            await old.put(b"later")
        with pytest.raises(Fenced):
            await old.close(b"end")
    assert await stored(log, stream) == [b"a", b"b"]


async def test_a_writer_held_back_is_told_too(line: Unreliable, stream: str) -> None:
    await line.append(stream, [b"end"], attempt=2, producer_seq=1, close=True)
    line.passing.clear()
    async with Producer(line, stream, 1, backpressure=1) as producer:
        held_back = asyncio.create_task(producer.put(b"late"))
        await line.tried.wait()
        line.passing.set()

        with pytest.raises(Fenced):
            await held_back


async def test_a_stream_closed_by_someone_else_is_reported(log: EventLog, stream: str) -> None:
    await log.append(stream, [b"end"], attempt=1, producer_seq=1, close=True)

    async with Producer(log, stream, 2) as producer:
        with pytest.raises(Closed):
            await put_and_flush(producer, b"late")
    assert await stored(log, stream) == [b"end"]


async def test_nothing_follows_the_end(log: EventLog, stream: str) -> None:
    async with Producer(log, stream, 1) as producer:
        await producer.close(b"end")

        with pytest.raises(Closed):
            await producer.put(b"late")
        with pytest.raises(Closed):
            await producer.close(b"end")
    assert await stored(log, stream) == [b"end"]


async def test_an_archived_stream_goes_on_after_its_base(log: EventLog, stream: str) -> None:
    async with Producer(log, stream, 3, base=40) as producer:
        await producer.put(b"a")
        await producer.flush()

        assert producer.seq == 41


async def test_leaving_ends_the_task_whatever_is_waiting(line: Unreliable, stream: str) -> None:
    before = asyncio.all_tasks()
    line.away = True
    async with Producer(line, stream, 1) as producer:
        await producer.put(b"a")
    async with Producer(line, stream, 1):
        pass

    assert asyncio.all_tasks() == before


async def test_a_producer_outside_its_block_is_a_mistake(log: EventLog, stream: str) -> None:
    with pytest.raises(RuntimeError):
        await Producer(log, stream, 1).put(b"a")
