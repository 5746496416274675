"""What a stream promises that many processes append to, of each log."""

import asyncio
from datetime import timedelta
from secrets import randbits

from services.foundation.events.cursor import decode
from services.foundation.events.shared import MOST_EVENTS, SharedStreams
from tests.services.foundation.events.conftest import MovingClock, NewLog


async def test_everything_that_processes_append_at_once_is_kept_once(new_log: NewLog, stream: str) -> None:
    log = new_log()
    processes = [SharedStreams(log, randbits) for _ in range(4)]

    await asyncio.gather(*(one.append(stream, b"%d" % n) for n in range(10) for one in processes))

    page = await log.read(stream, after=0)
    assert sorted(entry.data for entry in page.entries) == sorted(b"%d" % n for n in range(10) for _ in processes)


async def test_the_end_of_a_stream_is_a_cursor_after_all_that_it_has(new_log: NewLog, stream: str) -> None:
    log = new_log()
    streams = SharedStreams(log, randbits)
    empty = await streams.end(stream)
    await streams.append(stream, b"one")

    end = await streams.end(stream)

    assert empty is None
    assert end is not None
    assert decode(end).seq == 1


async def test_old_events_are_forgotten(new_log: NewLog, stream: str, clock: MovingClock) -> None:
    log = new_log()
    await log.append(stream, [b"old"] * (MOST_EVENTS + 99), attempt=1, producer_seq=1)
    clock.move(timedelta(seconds=1))

    await SharedStreams(log, randbits).append(stream, b"new")

    page = await log.read(stream, after=0, limit=2 * MOST_EVENTS)
    assert (page.head.first, page.head.last) == (101, MOST_EVENTS + 100)
    assert page.entries[-1].data == b"new"
