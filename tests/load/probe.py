"""A process of a polite client: how long its events take to come, and its queries to be answered.

    python -m tests.load.probe

Each has a time at which it is due, and its latency counts from then: a server that keeps one waiting delays those that
follow, and they say so (https://www.scylladb.com/2021/04/22/on-coordinated-omission/). It goes before other processes
where it may, so that it measures the server and not the other clients.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import uvloop

from bench.wire.client import Http, Socket
from services.core.clock import utc_now
from services.foundation.events.open import open_log
from tests.load.following import QUERY, Following, event_in, event_of
from tests.load.process import be_nice, commands, say

EVERY: Final = 0.05
"""Seconds between two events, and between two queries."""

LONGEST: Final = 30.0
"""Seconds that an event may take."""

PROJECT: Final = "query($id: ID!) { project(id: $id) { id name status } }"


class Events:
    """Appends events to a stream, and follows it on a socket."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._log = open_log(task["events_url"], utc_now)
        self._task = task
        self._way = Following(task["stream"])
        self._number = 0
        self._came = asyncio.Event()
        self._acknowledged = asyncio.get_running_loop().create_future()

    async def begin(self) -> None:
        loop = asyncio.get_running_loop()
        _, self._socket = await loop.create_connection(lambda: Socket(self._take), "127.0.0.1", self._task["port"])
        await self._socket.opened
        token = {"Authorization": f"Bearer {self._task['token']}"}
        self._socket.say({"type": "connection_init", "payload": token})
        await self._acknowledged
        payload = {"query": QUERY, "variables": {"id": self._task["stream"]}}
        self._socket.say({"type": "subscribe", "id": "1", "payload": payload})

    async def once(self) -> None:
        """Append an event, and wait until it has come. Raises TimeoutError."""
        self._number += 1
        data = [event_of(self._number)]
        await self._log.append(self._task["stream"], data, attempt=1, producer_seq=self._number)
        async with asyncio.timeout(LONGEST):
            while self._way.last < self._number:
                self._came.clear()
                await self._came.wait()

    def _take(self, message: bytes) -> None:
        if not self._acknowledged.done():
            self._acknowledged.set_result(None)
        elif (event := event_in(message)) is not None:
            if wrong := self._way.take(event):
                say(wrong=wrong)
            self._came.set()


async def _paced(kind: str, once: Callable[[], Awaitable[object]]) -> None:
    due = time.monotonic()
    while True:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await once()
        say(sample=[kind, due, (time.monotonic() - due) * 1000])
        due += EVERY


async def run() -> None:
    reader = await commands()
    task: dict[str, Any] = json.loads(await reader.readline())
    be_nice(-10)
    events = Events(task)
    body = json.dumps({"query": PROJECT, "variables": {"id": task["project"]}}).encode()
    async with Http.open(task["port"], {"Authorization": f"Bearer {task['token']}"}) as http:
        await events.begin()
        running = [
            asyncio.create_task(_paced("event", events.once)),
            asyncio.create_task(_paced("query", lambda: http.post(body))),
        ]
        ending = asyncio.create_task(reader.readline())
        done, _ = await asyncio.wait([ending, *running], return_when=asyncio.FIRST_COMPLETED)
        for each in (ending, *running):
            each.cancel()
        for each in done - {ending}:
            each.result()


if __name__ == "__main__":
    uvloop.run(run())
