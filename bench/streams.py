"""What streams cost: subscribers of one stream and of many, on both logs, side by side in one run.

`python -m bench.streams` (or `make bench`) prints a table and writes docs/benchmarks.md.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench import sockets
from cli.serving import tool_environment
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.foundation.aws.emulator import free_port, running_emulator
from tests.services.foundation.events.redis_server import RedisServer

MANY: Final = 1000
ROOT: Final = Path(__file__).parent.parent
REPORT: Final = ROOT / "docs" / "benchmarks.md"

Figures = Mapping[str, float]


@frozen
class Row:
    """One shape of load, on both logs."""

    shape: str
    streams: int | None
    """Readers that there must be; None where the server's process does not tell."""
    memory: Figures
    redis: Figures


async def hub_row(shape: str, redis_url: str, *, streams: int, followers: int) -> Row:
    """Measure the hub on each log in a process of its own. Raises where there is more than one reader per stream."""
    figures = [await _in_process(url, streams, followers) for url in ("memory://", redis_url)]
    for found in figures:
        if found["readers"] != streams:
            raise AssertionError(f"{found['readers']} readers of {streams} streams")
    return Row(shape, streams, *figures)


async def _in_process(url: str, streams: int, followers: int) -> Figures:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.hub", url, str(streams), str(followers), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"The measurement of {url} failed.")
    return json.loads(out)


async def socket_row(shape: str, redis_url: str) -> Row:
    environment = tool_environment()
    async with running_emulator(
        program=str(ROOT / ".tools" / "bin" / "ministack"), data=None, port=free_port(), environment=environment
    ) as emulator:
        figures = [await sockets.measure(emulator, url, followers=MANY) for url in ("memory://", redis_url)]
    return Row(shape, None, *figures)


async def measure(redis_url: str) -> list[Row]:
    return [
        await hub_row(f"hub: 1 stream, {MANY:,} subscribers", redis_url, streams=1, followers=MANY),
        await hub_row(f"hub: {MANY:,} streams, 1 subscriber each", redis_url, streams=MANY, followers=1),
        await socket_row(f"WebSockets: 1 stream, {MANY:,} subscribers", redis_url),
    ]


def table(rows: list[Row]) -> str:
    columns = ("load", "memory per subscriber: memory log", "Redis", "ratio")
    columns += ("CPU per event and subscriber: memory log", "Redis", "ratio", "readers")
    lines = [f"| {' | '.join(columns)} |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for row in rows:
        one, other = row.memory, row.redis
        size = f"{one['bytes'] / 1024:.1f} KiB | {other['bytes'] / 1024:.1f} KiB | {_ratio(other, one, 'bytes')}"
        time = f"{one['seconds'] * 1e6:.1f} µs | {other['seconds'] * 1e6:.1f} µs | {_ratio(other, one, 'seconds')}"
        lines.append(f"| {row.shape} | {size} | {time} | {row.streams or '-'} |")
    return "\n".join(lines)


def _ratio(one: Figures, other: Figures, name: str) -> str:
    return f"{one[name] / other[name]:.2f}" if other[name] > 0 else "-"


def report(rows: list[Row]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    return f"""# What streams cost

Written by `make bench` on {utc_now():%Y-%m-%d} ({machine}; load average {load} at the end). Each figure comes from a
process of its own, and all from one run: compare the columns, not the figures with those of another machine.

{table(rows)}

- Memory per subscriber is the growth of the process's resident memory, once all subscribers have had an event.
- CPU is the process's own time from the first event to the last, divided by events times subscribers. At the hub it
  contains the appends (of one process that writes and reads) and nothing that a subscriber does with an event; through
  WebSockets it is all that the server does, without TLS.
- Readers: how many streams the hub reads. There is one reader per stream and process, however many subscribers it has;
  a run with more fails.
- The redis-server's own memory and CPU are not in these figures.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            rows = asyncio.run(measure(redis.url))
        finally:
            redis.kill()
    REPORT.write_text(report(rows))
    sys.stdout.write(f"{table(rows)}\n\nwritten to {REPORT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
