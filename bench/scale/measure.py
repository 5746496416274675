"""What one process costs, and one Redis: seconds of CPU as the operating system counts them, and bytes."""  # noqa: INP001 - benchmarks are not a package

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from redis.asyncio import Redis

from bench.measured import Measured
from bench.scale.model import GATHERED
from bench.wire.contenders import Contender, Running, running
from bench.wire.rows import ROWS, Counter, Effort, watching
from bench.wire.setup import contenders
from cli.serving import tool_environment
from services.core.clock import utc_now
from services.foundation.events.redis import RedisLog
from tests.costs.operations import KINDS, PROMPT
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import User, events

OURS: Final = "Snapinfra"
EFFORT: Final = Effort(seconds=2.0, sockets=300)
APPENDS: Final = 8_000
TURNS: Final = 3
STREAMS: Final = 100
AT_ONCE: Final = 16
LISTENERS: Final = (0, 1, 4)
"""Processes that follow a stream."""
ROUNDS: Final = 5
WITHOUT_LIMITS: Final = {"AI_REQUESTS_PER_MINUTE": "0"}
EVENT: Final = b'{"type": "TokenDelta", "text": " token000", "offset": 123456}'

Costs = Mapping[str, float]


async def measured() -> Costs:
    """Measure everything, one after the other."""
    costs: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        everybody = await stack.enter_async_context(contenders())
        ours = next(contender for contender in everybody if contender.name == OURS)
        ours = replace(ours, variables={**ours.variables, **WITHOUT_LIMITS})
        async with running(ours) as server:
            for row in ROWS:
                costs[row.work] = await row.measure(server, EFFORT)
                _say(row.work, costs[row.work])
            costs["an idle socket, per second"] = await _idle(server)
            async with running(ours) as other:
                costs["100 subscribers at two apis, per frame and subscriber"] = await _frames([server, other])
            costs |= await _jobs(server, ours)
    return {**costs, **await _redis()}


def _say(what: str, cost: float) -> None:
    sys.stdout.write(f"{what}: {cost:.9f}\n")
    sys.stdout.flush()


async def _idle(server: Running) -> float:
    counter, stream = Counter(), next(server.contender.streams)
    async with watching(server, stream, EFFORT.sockets, counter):
        await server.contender.publish(stream, 1, 1)
        await counter.reaches(EFFORT.sockets)
        await asyncio.sleep(4)  # past the first look at their rights
        before, seconds = server.process.seconds, 8.0
        await asyncio.sleep(seconds)
        return (server.process.seconds - before) / seconds / EFFORT.sockets


async def _frames(servers: list[Running], subscribers: int = 100, pace: int = 50) -> float:
    """Measure the CPU of all servers for each frame of each subscriber, of whom each server has its share."""
    counter, stream = Counter(), next(servers[0].contender.streams)
    publish = servers[0].contender.publish
    async with AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(watching(server, stream, subscribers // len(servers), counter))
        await asyncio.sleep(0.5)
        await publish(stream, 1, 1)
        await counter.reaches(subscribers)
        await asyncio.sleep(0.3)
        had, before, began = counter.total, sum(server.process.seconds for server in servers), time.monotonic()
        for number in range(int(pace * EFFORT.seconds)):
            await asyncio.sleep(max(0.0, began + number / pace - time.monotonic()))
            await publish(stream, 2 + number, 1)
        await asyncio.sleep(0.6)
        return (sum(server.process.seconds for server in servers) - before) / (counter.total - had)


async def _jobs(server: Running, ours: Contender) -> Costs:
    """Measure a worker's CPU for a generation of each kind, and what it takes while nothing is to be done."""
    variables = {**ours.variables, "SCAFFOLD_TOKENS_PER_SECOND": "0", "CODE_CHECKS": "false"}
    command = (sys.executable, "-c", "from cli.main import main; main()", "worker")
    process = await asyncio.create_subprocess_exec(
        *command, env={**tool_environment(), **variables}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        worker = Measured(process.pid)
        user = User(f"http://127.0.0.1:{server.port}/graphql", ours.headers["Authorization"].removeprefix("Bearer "))
        project_id = (await user.project())["id"]
        for kind in KINDS:
            await events(user, await user.generate(project_id, kind, prompt=PROMPT))
        before = worker.seconds
        await asyncio.sleep(5)
        idle = (worker.seconds - before) / 5
        costs = {"a worker, idle, per second": idle, "memory of a worker": float(worker.memory)}
        for kind in KINDS:
            before, began, count = worker.seconds, time.monotonic(), 0
            for _ in range(ROUNDS):
                count += len(await events(user, await user.generate(project_id, kind, prompt=PROMPT)))
            used = worker.seconds - before - idle * (time.monotonic() - began)
            costs[f"a worker for {kind}"] = used / ROUNDS
            _say(f"{kind}, {count / ROUNDS:.0f} events as they were merged", used / ROUNDS)
        return costs
    finally:
        process.terminate()
        await process.wait()


async def _redis() -> Costs:
    """Measure the CPU of a redis-server for an append that so many processes hear of, and for a read; and memory."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            process, used = Measured(server.pid), await _used(server)
            for turn in range(TURNS):
                for listeners in LISTENERS:
                    cost = await _appends(server, process, listeners, turn, events=1)
                    found.setdefault(f"Redis, an append heard by {listeners}", []).append(cost)
            memory = (await _used(server) - used) / (TURNS * len(LISTENERS) * APPENDS)
            for turn in range(TURNS):
                cost = await _appends(server, process, 1, TURNS + turn, events=GATHERED)
                found.setdefault(f"Redis, an append of {GATHERED} heard by 1", []).append(cost)
                found.setdefault("Redis, a read of 100", []).append(await _reads(server, process))
        finally:
            server.kill()
    return {"memory in Redis of an event": memory, **{what: median(costs) for what, costs in found.items()}}


async def _used(server: RedisServer) -> int:
    async with Redis.from_url(server.url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        found: Any = await redis.info("memory")  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        return found["used_memory"]


async def _appends(server: RedisServer, process: Measured, listeners: int, turn: int, *, events: int) -> float:
    streams = [f"generation_{turn}_{listeners}_{number}" for number in range(STREAMS)]
    async with AsyncExitStack() as stack:
        for _ in range(listeners):
            log = RedisLog(server.url, utc_now, check_every=3600)
            stack.push_async_callback(log.close)
            for stream in streams:
                await stack.enter_async_context(log.watch(stream))
        writer = RedisLog(server.url, utc_now)
        stack.push_async_callback(writer.close)

        async def write(own: list[str]) -> None:
            for number in range(APPENDS // STREAMS):
                for stream in own:
                    await writer.append(stream, [EVENT] * events, attempt=1, producer_seq=number * events + 1)

        before = process.seconds
        await asyncio.gather(*(write(streams[place::AT_ONCE]) for place in range(AT_ONCE)))
        return (process.seconds - before) / APPENDS


async def _reads(server: RedisServer, process: Measured) -> float:
    log, count = RedisLog(server.url, utc_now), 2000
    try:
        before = process.seconds
        for number in range(count):
            await log.read(f"generation_0_0_{number % STREAMS}", after=0, limit=100)
        return (process.seconds - before) / count
    finally:
        await log.close()
