"""What the wire costs, beside the floor and what users would pick instead: `python -m bench.wire.run`.

Every figure is measured in turn for each of them, several times over, and the middle one counts: what else the machine
does touches all of them alike. `--quick` measures each once, and shortly.
"""  # noqa: INP001 - benchmarks are not a package

import argparse
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

import uvloop

from bench.wire.contenders import Running, running
from bench.wire.rows import ROWS, Effort, Row
from bench.wire.setup import contenders

QUICK: Final = Effort(seconds=1.0, sockets=200)
WHOLE: Final = Effort(seconds=3.0, sockets=1000)
SCALE: Final = {"µs": 1e6, "KiB": 1 / 1024}

Figures = Mapping[str, float]


async def figures(row: Row, servers: Sequence[Running], effort: Effort, rounds: int) -> Figures:
    """Measure a row for each server in turn, so many times, and return the middle figures by their names."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
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
    return f"| work | {' | '.join(names)} | ours to the floor |\n|---|{'--:|' * len(names)}--:|"


def line(row: Row, found: Figures) -> str:
    """Write a row of the table: each figure, and ours as a multiple of the floor's."""
    ratio = found["Snapinfra"] / found["floor"] if found["floor"] else float("nan")
    cells = [f"{value:,.1f} {row.unit}" for value in found.values()]
    return f"| {row.work} | {' | '.join(cells)} | {ratio:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    effort, rounds = (QUICK, 1) if options.quick else (WHOLE, 3)
    uvloop.run(measure(options.only, effort, rounds))
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    sys.stdout.write(f"\nload average {load}\n")


if __name__ == "__main__":
    main()
