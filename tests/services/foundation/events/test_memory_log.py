"""What is true of the log in memory only: how long it keeps what."""

import asyncio
from datetime import timedelta

from services.foundation.events.memory import MemoryLog
from tests.services.foundation.events.conftest import MovingClock
from tests.services.foundation.events.subscribers import epoch_of, write


async def test_a_closed_stream_is_kept_for_an_hour_after_its_end(clock: MovingClock, stream: str) -> None:
    log = MemoryLog(clock)
    await write(log, stream, 1, 1)
    clock.move(timedelta(hours=5))
    await write(log, stream, 2, 2, close=True)

    clock.move(timedelta(hours=1) - timedelta(microseconds=1))
    assert (await log.read(stream, after=0)).head.last == 2
    clock.move(timedelta(microseconds=1))
    assert (await log.read(stream, after=0)).head.epoch is None


async def test_an_open_stream_is_kept(clock: MovingClock, stream: str) -> None:
    log = MemoryLog(clock)
    await write(log, stream, 1, 3)
    clock.move(timedelta(days=400))

    assert (await log.read(stream, after=0)).head.last == 3


async def test_any_later_call_lets_old_streams_go_and_tells_their_watchers(clock: MovingClock, stream: str) -> None:
    log = MemoryLog(clock)
    await write(log, stream, 1, 1, close=True)
    epoch = await epoch_of(log, stream)
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await anext(changes)
        clock.move(timedelta(hours=2))
        await write(log, f"{stream}x", 1, 1)
        await anext(changes)

    await write(log, stream, 1, 1)
    assert await epoch_of(log, stream) != epoch
