"""One measurement of the hub, in a process of its own: `python -m bench.hub URL STREAMS FOLLOWERS`.

It prints JSON: bytes of memory per subscriber, seconds of CPU per event and subscriber, and readers in the process.
The CPU includes that of the appends; the subscribers do nothing with an event but count it.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from services.core.clock import utc_now
from services.foundation.events.hub import Hub
from services.foundation.events.open import open_log

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from services.foundation.events.port import Entry, EventLog

DELIVERIES: Final = 100_000
"""Events times subscribers of one measurement."""

DATA: Final = b'{"type":"TokenDelta","text":" token","offset":123456}'


class NoHistory:
    """Storage that has nothing: all these streams go on."""

    async def read(self, stream: str, *, after: int, limit: int) -> "Sequence[Entry]":
        del stream, after, limit
        return []

    async def has_ended(self, stream: str) -> bool:
        del stream
        return False


class Counter:
    """Counts what all subscribers got."""

    def __init__(self) -> None:
        self.total = 0
        self._wanted = 0
        self._reached = asyncio.Event()

    def add(self, count: int) -> None:
        self.total += count
        if self.total >= self._wanted:
            self._reached.set()

    async def reaches(self, total: int) -> None:
        self._wanted = total
        self._reached.clear()
        if self.total < total:
            await self._reached.wait()


def memory() -> int:
    """Return this process's resident memory in bytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def count(hub: Hub, stream: str, counter: Counter) -> None:
    async with hub.follow(stream, after=None, history=NoHistory()) as batches:
        async for batch in batches:
            counter.add(len(batch.entries))


@asynccontextmanager
async def followed(hub: Hub, streams: Sequence[str], followers: int, counter: Counter) -> "AsyncGenerator[None]":
    tasks = [asyncio.create_task(count(hub, stream, counter)) for stream in streams for _ in range(followers)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def append(log: "EventLog", streams: Sequence[str], number: int) -> None:
    """Append one event to each stream, the first or the number-th of its attempt."""
    for start in range(0, len(streams), 50):
        some = streams[start : start + 50]
        await asyncio.gather(*(log.append(stream, [DATA], attempt=1, producer_seq=number) for stream in some))


async def measure(url: str, *, streams: int, followers: int) -> dict[str, float]:
    log = open_log(url, utc_now)
    hub, counter, names = Hub(log), Counter(), [f"bench_{uuid4().hex}" for _ in range(streams)]
    await append(log, names, 1)
    async with followed(hub, names[:1], 1, counter):  # so that connections and code are there
        await counter.reaches(1)
    counter.total = 0
    subscribers, events = streams * followers, DELIVERIES // (streams * followers)
    before = memory()
    async with followed(hub, names, followers, counter):
        await counter.reaches(subscribers)
        used, readers = memory() - before, hub.streams
        began = time.process_time()
        for number in range(2, events + 2):
            await append(log, names, number)
            await counter.reaches(subscribers * number)
        spent = time.process_time() - began
    await log.close()
    return {"bytes": used / subscribers, "seconds": spent / (events * subscribers), "readers": readers}


if __name__ == "__main__":
    url, streams, followers = sys.argv[1:]
    print(json.dumps(asyncio.run(measure(url, streams=int(streams), followers=int(followers)))))  # noqa: T201 - its answer
