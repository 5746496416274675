"""What is measured of a server: seconds of its CPU for each unit of some work, or bytes of its memory."""  # noqa: INP001 - benchmarks are not a package

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from bench.wire.client import Http, Socket, Watch
from bench.wire.contenders import Running
from bench.wire.documents import EVENTS, PROJECT, TYPENAME, VIEWER, body
from services.core.frozen import frozen

CONNECTIONS: Final = 4
"""That send one request after the other."""
WARM: Final = 200
"""Units before anything is counted: whoever compiles or remembers has done so."""
PATIENCE: Final = 30.0
"""Seconds in which events must have arrived."""

Measure = Callable[[Running, "Effort"], Awaitable[float]]


@frozen
class Effort:
    """How much is done for one figure."""

    seconds: float
    """That a measurement goes on."""
    sockets: int
    """That are opened where each is counted."""


@frozen
class Row:
    work: str
    measure: Measure
    most: float
    """The goal, in the row's unit; or as a multiple of the floor."""
    unit: str = "µs"
    is_of_the_floor: bool = False
    is_of_the_first: bool = False
    """Whether only the first round counts: what a process has freed, it takes again without growing."""

    def goal(self, floor: float, ours: float) -> str:
        """Say the goal, and by how much it is missed."""
        most = self.most * floor if self.is_of_the_floor else self.most
        said = f"{self.most:g} times the floor" if self.is_of_the_floor else f"{self.most:g} {self.unit}"
        return f"{said}: {'met' if ours <= most else f'{ours / most:.1f} times that'}"


def requests(query: str) -> Measure:
    """Measure the CPU of one request of many that come one after the other."""

    async def measure(running: Running, effort: Effort) -> float:
        asked = body(query, {"id": running.contender.project} if "$id" in query else None)

        async def ask_until(end: float, count: int) -> int:
            done = 0
            async with Http.open(running.port, running.contender.headers) as http:
                while done < count or time.monotonic() < end:
                    answer = await http.post(asked)
                    if b'"errors"' in answer or b"null" in answer[:30]:
                        raise RuntimeError(answer.decode())
                    done += 1
            return done

        await ask_until(0, WARM)
        before, end = running.process.seconds, time.monotonic() + effort.seconds
        done = await asyncio.gather(*(ask_until(end, 1) for _ in range(CONNECTIONS)))
        return (running.process.seconds - before) / sum(done)

    return measure


class Counter:
    """Counts what all subscribers got."""

    def __init__(self) -> None:
        self.total = 0
        self._changed = asyncio.Event()

    def add(self) -> None:
        self.total += 1
        self._changed.set()

    async def reaches(self, total: int) -> None:
        """Raises TimeoutError where nothing comes for too long."""
        while self.total < total:
            self._changed.clear()
            async with asyncio.timeout(PATIENCE):
                await self._changed.wait()


@asynccontextmanager
async def watching(running: Running, stream: str, count: int, counter: Counter) -> AsyncGenerator[list[Socket]]:
    """Follow a stream that has one event on so many sockets."""
    contender, sockets = running.contender, list[Socket]()
    payload = {"query": EVENTS, "variables": {"id": stream}}
    async with AsyncExitStack() as stack:
        for _ in range(count):
            socket = await Watch(counter.add).open(running.port, payload, contender.init)
            stack.callback(socket.close)
            sockets.append(socket)
        yield sockets


def paced(subscribers: int, pace: int) -> Measure:
    """Measure the CPU of each event and subscriber, where so many events a second come one by one.

    Events, not frames: on a busy machine some come together, and who merges them has fewer frames of the same work.
    """

    async def measure(running: Running, effort: Effort) -> float:
        counter, stream = Counter(), next(running.contender.streams)
        async with watching(running, stream, subscribers, counter):
            await _heard(running, stream, subscribers, counter)
            count = int(pace * effort.seconds)
            before, began = running.process.seconds, time.monotonic()
            for number in range(count):
                await asyncio.sleep(max(0.0, began + number / pace - time.monotonic()))
                await running.contender.publish(stream, 2 + number, 1)
            await _quiet(counter)
            return (running.process.seconds - before) / (count * subscribers)

    return measure


async def _heard(running: Running, stream: str, subscribers: int, counter: Counter) -> None:
    """Say the first event until all subscribers are there to hear it."""
    await asyncio.sleep(0.5)
    await running.contender.publish(stream, 1, 1)
    await counter.reaches(subscribers)


async def _quiet(counter: Counter) -> None:
    """Wait until nothing has come for a while: who merges events sends fewer frames than there were events."""
    had = -1
    while had != counter.total:
        had = counter.total
        await asyncio.sleep(0.3)


async def sockets(running: Running, effort: Effort) -> float:
    """Measure the CPU of a socket's handshake, sign-in and subscription."""
    counter, stream = Counter(), next(running.contender.streams)
    async with watching(running, stream, 20, counter):
        await _heard(running, stream, 20, counter)
        before = running.process.seconds
        async with watching(running, stream, effort.sockets, counter):
            await asyncio.sleep(0.5)
            return (running.process.seconds - before) / effort.sockets


async def memory(running: Running, effort: Effort) -> float:
    """Measure the memory of a socket with a subscription on which nothing comes any more."""
    counter, stream = Counter(), next(running.contender.streams)
    async with watching(running, stream, 20, counter):
        await _heard(running, stream, 20, counter)
        await asyncio.sleep(0.5)
        before = running.process.memory
        async with watching(running, stream, effort.sockets, counter):
            await asyncio.sleep(1)
            return (running.process.memory - before) / effort.sockets


async def start(running: Running, effort: Effort) -> float:
    """Return the CPU that the server had taken when it answered for the first time."""
    del effort
    return running.start


ROWS: Final = (
    Row("start to the first answer", start, 600, unit="ms"),
    Row("`{ __typename }`", requests(TYPENAME), 80),
    Row("`{ viewer { id } }`", requests(VIEWER), 150),
    Row("project with 20 deployments", requests(PROJECT), 500),
    # Before other sockets: memory that they leave would be used again.
    Row("memory of an idle subscription", memory, 8, unit="KiB", is_of_the_first=True),
    Row("1 subscriber, 500 events/s, per frame", paced(1, 500), 1.5, is_of_the_floor=True),
    Row("100 subscribers, 50 events/s, per frame and subscriber", paced(100, 50), 1.3, is_of_the_floor=True),
    Row("handshake and subscription", sockets, 250),
)
