"""One measurement through real sockets: a server process, and subscribers of one generation in this one.

The server is `python -m bench.sockets`: an api and a worker as `snapinfra dev` runs them, until its input closes. Its
scaffold writes so slowly that every subscriber gets every event by itself.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from bench.hub import Counter
from bench.measured import Measured
from cli.serving import hosting, provision_stage, tool_environment
from services.config import Config, load
from tests.e2e.processes import variables_of
from tests.snapinfra import GENERATION, Server, User, events, settings

PACE: Final = "8"
"""Tokens a second."""
EVENTS: Final = 60
"""Events, on average, over which a measurement goes."""

PATIENCE: Final = 300
"""Seconds for it; whoever is refused would be waited for for ever."""


async def serve(config: Config) -> None:
    async with hosting(config, tool_environment()):
        print("up", flush=True)  # noqa: T201 - whoever started us waits for it
        await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def server(config: Config) -> "AsyncGenerator[Measured]":
    """Run a server process for the length of the block."""
    chosen = {**variables_of(config), "SCAFFOLD_TOKENS_PER_SECOND": PACE, "DRAIN_GRACE_SECONDS": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.sockets",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # the server tells of every subscriber that leaves
        env={**tool_environment(), **chosen},
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        await process.stdout.readline()
        yield Measured(process.pid)
    finally:
        process.stdin.close()
        await process.wait()


async def count(user: User, generation_id: str, counter: Counter, first: Counter) -> None:
    """Follow a generation, counting its events without looking at them."""
    async with user.socket() as socket:
        await socket.send(subscribe(generation_id))
        await socket.recv()
        first.add(1)
        async for _ in socket:
            counter.add(1)


def subscribe(generation_id: str) -> str:
    payload = {"query": GENERATION, "variables": {"id": generation_id, "after": None}}
    return json.dumps({"type": "subscribe", "id": "1", "payload": payload})


async def measure(emulator: str, events_url: str, *, followers: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        unlimited = {"SOCKETS_PER_ADDRESS": "0", "SOCKETS_PER_USER": "0"}
        config = settings(emulator, EVENTS_URL=events_url, SNAPINFRA_DATA=folder, **unlimited)
        await asyncio.to_thread(provision_stage, config)
        async with server(config) as process:
            user = Server(config).user()
            generation_id = await user.generate((await user.project())["id"], "SCHEMA")
            await events(user, generation_id, most=3)
            return await _follow(process, user, generation_id, followers)


async def _follow(process: Measured, user: User, generation_id: str, followers: int) -> dict[str, float]:
    counter, first = Counter(), Counter()
    before = process.memory
    tasks = [asyncio.create_task(count(user, generation_id, counter, first)) for _ in range(followers)]
    try:
        async with asyncio.timeout(PATIENCE):
            await first.reaches(followers)
            used, began, had = process.memory - before, process.seconds, counter.total
            await counter.reaches(had + EVENTS * followers)
        return {"bytes": used / followers, "seconds": (process.seconds - began) / (counter.total - had)}
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(serve(load()))
