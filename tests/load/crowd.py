"""A process of many clients, each of which follows a stream on a socket of its own and comes again by itself.

    python -m tests.load.crowd

Whoever is sent away, or can't come in, comes to another api with its cursor, as graphql-ws does. The first line that
comes in says where they go; a line with `expected` ends it, with a report; so does the end of the input, without.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import uvloop

from bench.wire.client import HOST, Socket
from tests.load.following import DIGITS, QUERY, Following, event_in
from tests.load.process import be_nice, commands, say

AT_ONCE: Final = 50
"""Clients that come in at the same time, at first."""

MOST_TOLD: Final = 20
"""Violations that are told in full."""

LATEST: Final = 30.0
"""Seconds after the last event in which everybody must have it."""


@dataclass(eq=False)
class Crowd:
    """All of them, and what became of them."""

    ports: Sequence[int]
    places: Sequence[tuple[str, str]]
    """Streams, each with the token of somebody who may see it."""
    width: int = DIGITS
    chance: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - faults, not secrets
    open: int = 0
    following: int = 0
    """Those who have had an event."""
    events: int = 0
    violations: list[str] = field(default_factory=list[str])
    closes: list[tuple[float, int | None, int]] = field(default_factory=list[tuple[float, int | None, int]])
    """When somebody's socket ended, with which code (None: without), and at which port."""
    returns: list[tuple[float, float, int]] = field(default_factory=list[tuple[float, float, int]])
    """When somebody was back, after how many seconds, and at which port."""
    tries: int = 0
    """Connections that were refused, or did not come to their end."""

    def other(self, port: int) -> int:
        return self.ports[(self.ports.index(port) + 1) % len(self.ports)]


@dataclass(eq=False)
class Follower:
    """One client."""

    crowd: Crowd
    way: Following
    token: str
    port: int
    left: float | None = None
    follows: bool = False

    async def stay(self, entry: asyncio.Semaphore) -> None:
        """Follow, and come again, until cancelled."""
        async with entry:
            socket = await self._enter()
        while True:
            if socket is not None:
                await socket.lost
                self.left = time.monotonic()
                self.crowd.open -= 1
                self.crowd.closes.append((self.left, socket.code, self.port))
                self.port = self.crowd.other(self.port)
            socket = await self._enter()

    async def _enter(self) -> Socket | None:
        try:
            socket = await self._connected()
        except (OSError, RuntimeError):
            self.crowd.tries += 1
            self.port = self.crowd.other(self.port)
            await asyncio.sleep(self.crowd.chance.uniform(0, 0.5))
            return None
        self.crowd.open += 1
        if self.left is not None:
            now = time.monotonic()
            self.crowd.returns.append((now, now - self.left, self.port))
        return socket

    async def _connected(self) -> Socket:
        """Open a socket, sign in and subscribe. Raises OSError and RuntimeError."""
        loop = asyncio.get_running_loop()
        self.acknowledged: asyncio.Future[None] = loop.create_future()
        _, socket = await loop.create_connection(lambda: Socket(self._take), HOST, self.port)
        await socket.opened
        socket.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {self.token}"}})
        await asyncio.wait([self.acknowledged, socket.lost], return_when=asyncio.FIRST_COMPLETED)
        if not self.acknowledged.done():
            raise ConnectionResetError
        variables = {"id": self.way.stream, "after": self.way.cursor}
        socket.say({"type": "subscribe", "id": "1", "payload": {"query": QUERY, "variables": variables}})
        return socket

    def _take(self, message: bytes) -> None:
        if not self.acknowledged.done():
            self.acknowledged.set_result(None)
            return
        try:
            event = event_in(message)
            wrong = None if event is None else self.way.take(event)
        except ValueError as error:
            event, wrong = None, f"{self.way.stream}: {error}"
        self.crowd.events += event is not None
        self.crowd.following += event is not None and not self.follows
        self.follows = self.follows or event is not None
        if wrong is not None:
            self.crowd.violations.append(wrong)


async def _tell(crowd: Crowd) -> None:
    told: tuple[int, int] | None = None
    while True:
        if told != (crowd.open, crowd.following):
            told = (crowd.open, crowd.following)
            say(open=crowd.open, following=crowd.following)
        await asyncio.sleep(0.1)


async def _ended(crowd: Crowd, followers: Sequence[Follower], expected: Mapping[str, int]) -> None:
    """Wait until everybody has everything, and report."""
    end = time.monotonic() + LATEST
    missing = [""]
    while missing and time.monotonic() < end:
        await asyncio.sleep(0.1)
        missing = [wrong for follower in followers if (wrong := follower.way.end(expected[follower.way.stream]))]
    violations = [*crowd.violations, *missing]
    say(
        report={
            "sockets": len(followers),
            "open": crowd.open,
            "events": crowd.events,
            "violations": violations[:MOST_TOLD],
            "wrong": len(violations),
            "codes": Counter(str(code) for _, code, _ in crowd.closes),
            "closes": crowd.closes,
            "returns": crowd.returns,
            "tries": crowd.tries,
        }
    )


async def run() -> None:
    be_nice(10)
    reader = await commands()
    task: dict[str, Any] = json.loads(await reader.readline())
    crowd = Crowd(task["ports"], [(stream, token) for stream, token in task["places"]], task["width"])
    followers = [
        Follower(crowd, Following(stream, crowd.width), token, crowd.ports[number % len(crowd.ports)])
        for number in range(task["sockets"])
        for stream, token in [crowd.places[number // len(crowd.ports) % len(crowd.places)]]
    ]
    entry = asyncio.Semaphore(AT_ONCE)
    tasks = [asyncio.create_task(follower.stay(entry)) for follower in followers]
    telling = asyncio.create_task(_tell(crowd))
    if line := await reader.readline():
        await _ended(crowd, followers, json.loads(line)["expected"])
    for running in (telling, *tasks):
        running.cancel()
    await asyncio.gather(telling, *tasks, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(run())
