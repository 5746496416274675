"""A mixed load for hours, while memory, threads, descriptors and the lateness of answers are watched.

    python -m tests.load.soak --hours 0.1

Fails where one of them goes up (tests.load.slopes), something is lost, or a process crashes or logs a traceback. The
tasks of an event loop can't be counted from outside: one that is left over keeps memory, and mostly a descriptor.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

from bench.measured import Measured
from services.core.frozen import frozen
from tests.campaign import circumstances, concluded, table
from tests.load.process import child
from tests.load.slopes import FEWEST, Sample, Slope, slope_of
from tests.load.stage import LONGEST, MEGABYTE, Place, Stage, measured, mistakes, raise_descriptors, staged
from tests.load.visitors import Visitors
from tests.snapinfra import Server

VISITORS: Final = 4
WATCHERS: Final = 4
SAMPLES: Final = 480
"""Over the whole time, at most; one a second at least."""

SOCKETS: Final = 1_000
"""Descriptors that are more than enough."""


@frozen
class Figure:
    """What is watched: it may go up by a share of its level, and by a floor, in the second half of the time."""

    unit: str
    share: float
    floor: float
    scale: float = 1


FIGURES: Final[Mapping[str, Figure]] = {
    "memory": Figure("MB", 0.05, 4 * MEGABYTE, MEGABYTE),
    "threads": Figure("", 0.1, 4),
    "descriptors": Figure("", 0.1, 10),
    "lateness of an event": Figure("ms", 0.5, 5),
    "lateness of a query": Figure("ms", 0.5, 5),
}


@dataclass
class Samples:
    """What was seen, by what it is of: seconds since the start, and the figure."""

    seen: dict[tuple[str, str], list[Sample]] = field(default_factory=dict[tuple[str, str], list[Sample]])
    late: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """Latencies that the polite client has told since the last look."""

    def take(self, said: Mapping[str, Any]) -> None:
        if "sample" in said:
            kind, _, took = said["sample"]
            self.late.setdefault(kind, []).append(took)

    def look(self, processes: Mapping[str, Measured], when: float) -> None:
        """Note everything as it is now. Raises FileNotFoundError where a process has ended."""
        for name, process in processes.items():
            for figure in ("memory", "threads", "descriptors"):
                self.seen.setdefault((name, figure), []).append((when, getattr(process, figure)))
        for kind, latencies in self.late.items():
            if latencies:
                self.seen.setdefault(("api", f"lateness of {_A[kind]}"), []).append((when, median(latencies)))
        self.late = {}

    def slopes(self) -> Iterator[tuple[str, str, Slope, bool]]:
        """Yield for each figure of each process its slope, and whether it goes up."""
        for (name, figure), samples in self.seen.items():
            slope, bound = slope_of(samples), FIGURES[figure]
            yield name, figure, slope, slope.is_beyond(bound.share, bound.floor)


_A: Final = {"event": "an event", "query": "a query"}


@frozen
class Soak:
    """How it went."""

    hours: float
    seconds: float
    done: Mapping[str, int]
    slopes: Sequence[tuple[str, str, Slope, bool]]
    violations: Sequence[str]


async def run(directory: Path, hours: float, seed: int) -> Soak:
    began, samples = time.monotonic(), Samples()
    async with staged(directory, apis=1, workers=1, users=1, streams=1) as stage:
        server = Server(stage.fleet.config.model_copy(update={"port": stage.ports[0]}))
        visitors = Visitors(server, Random(seed))  # noqa: S311 - a load, not secrets
        async with child("probe", takes=samples.take, **_task(stage, stage.places[0])):
            coming = [visitors.visit() for _ in range(VISITORS)] + [visitors.watch() for _ in range(WATCHERS)]
            tasks = [asyncio.create_task(each) for each in coming]
            await _watch(stage, samples, hours * 3600)
            visitors.stop.set()
            _, late = await asyncio.wait(tasks, timeout=LONGEST)
            for task in late:
                task.cancel()
        violations = [*visitors.violations, *stage.fleet.surprises, *mistakes(directory)]
        violations += [f"{len(late)} visitors did not come to an end"] * bool(late)
        violations += [f"a visitor failed: {error!r}" for task in tasks if (error := _failure(task)) is not None]
    slopes = list(samples.slopes())
    violations += [f"{name}: {figure} goes up" for name, figure, _, goes_up in slopes if goes_up]
    return Soak(hours, time.monotonic() - began, visitors.done, slopes, violations)


def _task(stage: Stage, place: Place) -> dict[str, Any]:
    return {
        "port": stage.ports[0],
        "events_url": stage.fleet.config.events_url,
        "stream": place.stream,
        "token": place.token,
        "project": place.project,
    }


def _failure(task: "asyncio.Task[None]") -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


async def _watch(stage: Stage, samples: Samples, seconds: float) -> None:
    """Look at everything again and again, for so long."""
    processes = {"api": measured(stage.fleet.apis[0]), "worker": measured(stage.fleet.workers[0])}
    began, every = time.monotonic(), max(1.0, seconds / SAMPLES)
    while (now := time.monotonic() - began) < seconds:
        samples.look(processes, now)
        await asyncio.sleep(min(every, seconds - now))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write the report, and return the exit status: 0 only if nothing goes up, is lost, or crashes."""
    takes = argparse.ArgumentParser(prog="python -m tests.load.soak", description="Soak an api of one's own.")
    takes.add_argument("--hours", type=float, default=1.0, help="how long, from 0.01")
    takes.add_argument("--seed", type=int, default=1)
    takes.add_argument("--report", type=Path, default=Path("docs/soak.md"))
    options = takes.parse_args(arguments)
    if options.hours * 3600 < 2 * FEWEST:
        takes.error(f"--hours: {2 * FEWEST} seconds at least")
    raise_descriptors(SOCKETS)
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        soak = asyncio.run(run(Path(directory), options.hours, options.seed))
    return concluded(options.report, _lines(soak), soak.violations, of=f"{soak.hours:g} hours")


def _lines(soak: Soak) -> Iterator[str]:
    yield "# A mixed load for longer"
    yield ""
    yield (
        f"Written by `make soak HOURS={soak.hours:g}`: {VISITORS} visitors make projects, generate with the scaffold, "
        "follow and lose their sockets in the middle, ask, rename and delete; as many sockets follow a project and go "
        "again. It fails where a figure goes up: by a robust line through its second half (Theil and Sen), where even "
        "the lower bound of what it went up by is more than the share of its level, and the floor, that may be."
    )
    yield from table(("run", ""), [*circumstances(soak.seconds), *soak.done.items()])
    rows = [(name, figure, *_cells(FIGURES[figure], slope), goes_up) for name, figure, slope, goes_up in soak.slopes]
    head = ("process", "figure", "level", "went up by", "at least", "may go up by", "")
    yield from table(head, ((*row, "**goes up**" if goes_up else "level") for *row, goes_up in rows))
    if soak.violations:
        yield "\n## Violations\n"
        yield from (f"- {violation}" for violation in soak.violations)


def _cells(figure: Figure, slope: Slope) -> Iterator[str]:
    most = max(slope.level * figure.share, figure.floor)
    yield from (f"{value / figure.scale:.1f} {figure.unit}" for value in (slope.level, slope.growth, slope.least, most))


if __name__ == "__main__":
    sys.exit(main())
