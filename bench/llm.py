"""What reading a provider's stream costs: bare bytes, our reader, the SDKs' objects, and all the way.

`python -m bench.llm` (`make bench` runs it too) prints tables and writes docs/benchmarks-llm.md. One run, one process,
one server (`tokens`) in a process of its own; the ways take turns, so that what else the machine does meets all alike.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import gc
import os
import platform
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Final

from bench.readers import BARE, Read, readers
from services.core.clock import utc_now
from services.core.frozen import frozen
from tests.services.foundation.events.redis_server import RedisServer

ROOT: Final = Path(__file__).parent.parent
REPORT: Final = ROOT / "docs" / "benchmarks-llm.md"


@frozen
class Cadence:
    name: str
    whole: str
    """The order (see `tokens`) by which the CPU of a chunk is measured."""
    short: str
    """The one by which the time to the first token is."""
    rounds: int
    chunks: int


BURST: Final = Cadence("burst: as fast as it is read", "burst-5000", "burst-200", rounds=15, chunks=5000)
STEADY: Final = Cadence("1,000 tokens a second", "1000-1000", "1000-20", rounds=7, chunks=1000)
FIRSTS: Final = 80
"""Rounds in which the time to the first token is measured."""


@frozen
class Cost:
    """In seconds, medians of the rounds."""

    cpu: float
    """Of this process, for a chunk; the request itself is in it."""
    first: float
    """From asking to the first token."""


async def measure(ways: Mapping[str, Read], cadence: Cadence) -> dict[str, Cost]:
    cpu, first = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for read in ways.values():
        await read(cadence.short)  # so that connections and code are there
    for _ in range(cadence.rounds):
        for name, read in ways.items():
            gc.collect()
            began = time.process_time()
            await read(cadence.whole)
            cpu[name].append((time.process_time() - began) / cadence.chunks)
    for _ in range(FIRSTS):
        for name, read in ways.items():
            first[name].append(await read(cadence.short))
    return {name: Cost(median(cpu[name]), median(first[name])) for name in ways}


@asynccontextmanager
async def token_server() -> AsyncGenerator[int]:
    """Run the server for the length of the block and yield its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.tokens", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def run(redis_url: str, cadences: Sequence[Cadence]) -> dict[str, dict[str, Cost]]:
    orders = [order for cadence in cadences for order in (cadence.whole, cadence.short)]
    async with token_server() as port, readers(port, redis_url, orders) as ways:
        return {cadence.name: await measure(ways, cadence) for cadence in cadences}


def table(costs: Mapping[str, Cost]) -> str:
    lines = ["| way | CPU a chunk | ratio | first token | ratio | added |", "|---|--:|--:|--:|--:|--:|"]
    bare = costs[BARE]
    for name, cost in costs.items():
        cpu = f"{cost.cpu * 1e6:.1f} µs | {cost.cpu / bare.cpu:.1f}"
        first = f"{cost.first * 1e3:.2f} ms | {cost.first / bare.first:.2f} | {(cost.first - bare.first) * 1e3:+.2f} ms"
        lines.append(f"| {name} | {cpu} | {first} |")
    return "\n".join(lines)


def report(found: Mapping[str, Mapping[str, Cost]]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    tables = "\n\n".join(f"## {name[0].upper()}{name[1:]}\n\n{table(costs)}" for name, costs in found.items())
    return f"""# What reading a provider's stream costs

Written by `python -m bench.llm` (part of `make bench`) on {utc_now():%Y-%m-%d} ({machine}; load average {load} at the
end). The ways to read take turns in one process, against one server on loopback that sends all of them the same bytes;
the figures are medians of the rounds. Ratios are to a bare reader, which throws the bytes away: compare those, not the
figures with another machine's.

{tables}

- CPU a chunk is the reading process's own, its request included: {BURST.chunks:,} chunks in a burst, {STEADY.chunks:,}
  at 1,000 a second. In a burst one read of the socket brings many chunks, in the steady stream one.
- First token is from asking to the first text, over connections that are open already: {FIRSTS} short answers each.
  That of a subscriber waits for two appends, of `AttemptStarted` and its own.
- "To a subscriber's hub" is all that a worker does with an answer (provider, redaction, files and their hashes, events,
  the producer and the log) and the hub of a subscriber, in one process: what a worker and an api would share. While the
  log is busy the producer gathers events, and sends them in one append: hence a burst costs less than a steady stream.
- Why the SDKs' raw streams: [ADR 14](adr/0014-provider-sdks-are-used-with-raw-streaming-responses.md) and
  [ADR 23](adr/0023-the-raw-streams-are-chosen-by-measurement.md).
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            found = asyncio.run(run(redis.url, [BURST, STEADY]))
        finally:
            redis.kill()
    REPORT.write_text(report(found))
    shown = "\n\n".join(f"{name}\n{table(costs)}" for name, costs in found.items())
    sys.stdout.write(f"{shown}\n\nwritten to {REPORT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
