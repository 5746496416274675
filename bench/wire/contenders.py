"""The servers that are measured, each in a process of its own, and how events get to each of them."""  # noqa: INP001 - benchmarks are not a package

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
from redis.asyncio import Redis

from bench.measured import Measured
from bench.wire.client import Http
from bench.wire.documents import TYPENAME, body
from cli.serving import tool_environment
from services.core.clock import iso, utc_now
from services.core.frozen import frozen
from services.foundation.aws.emulator import free_port
from services.foundation.events.port import EventLog

FOLDER: Final = Path(__file__).parent
PATIENCE: Final = 60.0
"""Seconds that a server may take to start."""

Publish = Callable[[str, int, int], Awaitable[None]]
"""Appends events to a stream, from the numbers-th on, and tells whoever follows it: stream, first number, how many."""


@frozen
class Contender:
    name: str
    command: Sequence[str]
    variables: Mapping[str, str]
    project: str
    """The id of the project with deployments, as this server knows it."""
    streams: Iterator[str]
    """The ids of generations of which nothing has been said."""
    publish: Publish
    headers: Mapping[str, str]
    """Of requests."""
    init: Mapping[str, str]
    """The payload of a socket's connection_init."""


@frozen
class Running:
    contender: Contender
    port: int
    process: Measured
    start: float
    """Seconds of CPU that it had taken when it answered for the first time."""


@asynccontextmanager
async def running(contender: Contender) -> AsyncGenerator[Running]:
    """Run a server for the length of the block. Raises TimeoutError where it does not answer in time."""
    port = free_port()
    command = [part.replace("{port}", str(port)) for part in contender.command]
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**tool_environment(), **contender.variables, "PORT": str(port)},
        cwd=FOLDER.parents[1],
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _answers(contender, port):  # noqa: ASYNC110 - another process tells of nothing
                await asyncio.sleep(0.1)
        measured = Measured(process.pid)
        yield Running(contender, port, measured, measured.seconds)
    finally:
        process.terminate()
        await process.wait()


async def _answers(contender: Contender, port: int) -> bool:
    try:
        async with Http.open(port, contender.headers) as http:
            await http.post(body(TYPENAME))
    except OSError:
        return False
    return True


def floor(events_url: str) -> Contender:
    def said(stream: str, event: dict[str, Any]) -> tuple[str, bytes]:
        return f"floor:{stream}", msgspec.json.encode(event)

    command = (sys.executable, "-m", "bench.wire.floor", "{port}")
    return _peer("floor", command, events_url, {}, said)


def stock(events_url: str, records: Mapping[str, str]) -> Contender:
    def said(stream: str, event: dict[str, Any]) -> tuple[str, bytes]:
        given = {name: value for name, value in event.items() if name != "__typename"}
        return f"peer:{stream}", msgspec.json.encode(given)

    command = (sys.executable, "-m", "bench.wire.stock", "{port}")
    return _peer("Strawberry", command, events_url, records, said)


def mercurius(events_url: str, records: Mapping[str, str]) -> Contender:
    def said(stream: str, event: dict[str, Any]) -> tuple[str, bytes]:
        """As mqemitter-redis writes a message."""
        topic = f"peer:{stream}"
        message = {"topic": topic, "payload": {"generationEvents": event}}
        return topic, msgspec.msgpack.encode({"id": uuid4().hex, "msg": message})

    command = ("node", str(FOLDER / "mercurius" / "server.js"), "{port}")
    return _peer("mercurius", command, events_url, records, said)


def _peer(
    name: str,
    command: Sequence[str],
    events_url: str,
    records: Mapping[str, str],
    said: Callable[[str, dict[str, Any]], tuple[str, bytes]],
) -> Contender:
    redis = Redis.from_url(events_url)  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    async def publish(stream: str, first: int, events: int) -> None:
        """Store each event in a stream of Redis, too, as durable as ours are, in one round trip."""
        pipeline = redis.pipeline(transaction=False)
        for number in range(first, first + events):
            channel, message = said(stream, event_of(number))
            pipeline.xadd(f"log:{channel}", {"d": message}, maxlen=100_000, approximate=True)
            pipeline.publish(channel, message)  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        await pipeline.execute()

    streams = (f"generation_{uuid4().hex}" for _ in count())
    variables = {"EVENTS_URL": events_url, **records}
    return Contender(name, command, variables, "project", streams, publish, {}, {})


def snapinfra(
    variables: Mapping[str, str], log: EventLog, *, token: str, project: str, streams: Iterator[str]
) -> Contender:
    async def publish(stream: str, first: int, events: int) -> None:
        data = [
            json.dumps({"type": "TokenDelta", "text": _text(number), "offset": _offset(number)}).encode()
            for number in range(first, first + events)
        ]
        await log.append(stream, data, attempt=1, producer_seq=first)

    command = (sys.executable, "-c", "from cli.main import main; main()", "serve")
    authorization = {"Authorization": f"Bearer {token}"}
    return Contender("Snapinfra", command, variables, project, streams, publish, authorization, authorization)


def event_of(number: int) -> dict[str, Any]:
    """Return one of the events of a generation, from 1 on, as a subscriber of ours gets it."""
    return {
        "__typename": "TokenDelta",
        "cursor": f"AAAAAAAAAAAAAAAAAAAA{number % 10_000:04}",
        "seq": number,
        "at": iso(utc_now()),
        "text": _text(number),
        "offset": _offset(number),
    }


def _text(number: int) -> str:
    return f" token{number % 1000:03}"


def _offset(number: int) -> int:
    return (number - 1) * len(_text(number))
