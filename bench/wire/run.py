"""What the wire costs, beside the floor and what users would pick instead: `python -m bench.wire.run`.

Every figure is measured in turn for each of them, several times over, and the middle one counts: what else the machine
does touches all of them alike. docs/benchmarks-wire.md is written. `--quick` measures each once, and only prints.
"""  # noqa: INP001 - benchmarks are not a package

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Final

import uvloop

from bench.wire.contenders import FOLDER, Running, running
from bench.wire.rows import ROWS, Effort, Row
from bench.wire.setup import contenders
from services.core.clock import utc_now

OURS: Final = "Snapinfra"
QUICK: Final = Effort(seconds=1.0, sockets=200)
WHOLE: Final = Effort(seconds=3.0, sockets=1000)
SCALE: Final = {"ms": 1e3, "µs": 1e6, "KiB": 1 / 1024}
ROOT: Final = Path(__file__).parents[2]
REPORT: Final = ROOT / "docs" / "benchmarks-wire.md"

Figures = Mapping[str, float]


async def figures(row: Row, servers: Sequence[Running], effort: Effort, rounds: int) -> Figures:
    """Measure a row for each server in turn, so many times, and return the middle figures by their names."""
    found: dict[str, list[float]] = {}
    for _ in range(1 if row.is_of_the_first else rounds):
        for server in servers:
            found.setdefault(server.contender.name, []).append(await row.measure(server, effort))
    return {name: statistics.median(values) * SCALE[row.unit] for name, values in found.items()}


async def measure(only: str, effort: Effort, rounds: int) -> Mapping[Row, Figures]:
    async with AsyncExitStack() as stack:
        everybody = await stack.enter_async_context(contenders())
        servers = [await stack.enter_async_context(running(contender)) for contender in everybody]
        sys.stdout.write(f"{header([server.contender.name for server in servers])}\n")
        table: dict[Row, Figures] = {}
        for row in ROWS:
            if only in row.work:
                table[row] = await figures(row, servers, effort, rounds)
                sys.stdout.write(f"{line(row, table[row])}\n")
                sys.stdout.flush()
        return table


def header(names: Sequence[str]) -> str:
    titles = ["work", *names, "ours to the floor", "ours to the best peer", "goal"]
    return f"| {' | '.join(titles)} |\n|---|{'--:|' * (len(titles) - 1)}"


def line(row: Row, found: Figures) -> str:
    """Write a row of the table: each figure, and ours as a multiple of the floor's and of the best peer's."""
    peers = [value for name, value in found.items() if name not in {"floor", OURS}]
    cells = [f"{value:,.1f} {row.unit}" for value in found.values()]
    ratios = [f"{found[OURS] / least:.1f}" if least else "" for least in (found["floor"], min(peers))]
    return f"| {row.work} | {' | '.join([*cells, *ratios])} | {row.goal(found['floor'], found[OURS])} |"


def report(table: Mapping[Row, Figures], load: str) -> str:
    """Write docs/benchmarks-wire.md."""
    locked = json.loads((FOLDER / "mercurius" / "package-lock.json").read_text())["packages"]
    peers = [f"{name} {version(name)}" for name in ("strawberry-graphql", "uvicorn", "uvloop", "boto3")]
    peers += [f"{name} {locked[f'node_modules/{name}']['version']}" for name in ("mercurius", "fastify")]
    names, lines = next(iter(table.values())), "\n".join(line(row, found) for row, found in table.items())
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"""# What the wire costs

Written by `make bench` on {utc_now():%Y-%m-%d} ({machine}; load average {load}).

CPU of the server's process for each unit of work, as the operating system counts it; the middle of three. The floor is
a bare uvloop server that parses no GraphQL; Strawberry and mercurius (with its JIT) answer the same documents from the
same records, and follow streams that are stored in the same Redis. All are measured in turn, row by row. The goals are
those of a quiet machine; compare ratios. {", ".join(peers)}.

{header(list(names))}
{lines}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    effort, rounds = (QUICK, 1) if options.quick else (WHOLE, 3)
    table = uvloop.run(measure(options.only, effort, rounds))
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    sys.stdout.write(f"\nload average {load}\n")
    if not (options.quick or options.only):
        REPORT.write_text(report(table, load))
        sys.stdout.write(f"written to {REPORT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
