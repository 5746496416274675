"""The duplicate storm: a program that has every message delivered one to five times, and counts effects.

    python -m tests.storm.run --jobs 500 --seed 1

Half of the jobs are CODE generations, half are deployments of what those made: LOCAL ones with real npm and real
processes, and others to fakes of the platforms. The messages come in random order, their copies at once or seconds
late, to two workers that are processes of their own.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final

import httpx

from services.core.frozen import frozen
from tests.campaign import circumstances, concluded, parser
from tests.storm.load import Load
from tests.storm.stage import LATEST, MOST_COPIES, staged

AT_ONCE: Final = 12
"""Pairs of jobs under way: each may have a backend running."""


@frozen
class Storm:
    """How a storm went."""

    jobs: int
    seed: int
    seconds: float
    deliveries: int
    """Copies of messages that were taken and deleted, of all queues."""
    starts: int
    """How often a backend was started."""
    events: int
    violations: Sequence[str]


async def run(jobs: int, seed: int, directory: Path, *, with_notifications: bool) -> Storm:
    """Have a storm of so many jobs, an even number; with notifications, wait for their last messages too."""
    began, chance = time.monotonic(), Random(seed)  # noqa: S311 - faults, not secrets
    http = httpx.AsyncClient(timeout=15, verify=False, trust_env=False)  # noqa: S501 - plain HTTP on loopback
    async with staged(directory, chance) as stage, http:
        load = Load(stage, chance, http)
        await load.run(jobs // 2, at_once=AT_ONCE, with_notifications=with_notifications)
        violations = await load.violations()
        starts = sum(call.path.startswith("/started/") for call in stage.calls.received)
        return Storm(jobs, seed, time.monotonic() - began, stage.copies, starts, load.tally.events, violations)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write the report, and return the exit status: 0 only if each job had one effect."""
    takes = parser("storm", description="Deliver everything many times.", of="jobs", most=500)
    options = takes.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="storm-") as directory:
        storm = asyncio.run(run(options.jobs, options.seed, Path(directory), with_notifications=True))
    return concluded(options.report, _lines(storm), storm.violations, of=f"{storm.jobs} jobs")


def _lines(storm: Storm) -> Iterator[str]:
    yield "# A storm of duplicates"
    yield ""
    yield (
        f"Every message of every queue came 1 to {MOST_COPIES} times, in random order, its copies at once or up to "
        f"{LATEST:.0f} s late, to two workers that are processes of their own. Written by "
        f"`make storm JOBS={storm.jobs} SEED={storm.seed}`, which fails unless each job has one effect of each kind."
    )
    yield ""
    yield "| Run | |"
    yield "|---|---|"
    yield from (f"| {name} | {value} |" for name, value in circumstances(storm.seconds))
    yield f"| jobs | {storm.jobs // 2} CODE generations, {storm.jobs // 2} deployments of them to all platforms |"
    yield f"| deliveries that were taken and deleted | {storm.deliveries} |"
    yield f"| LOCAL backends started | {storm.starts} |"
    yield f"| events that subscribers received | {storm.events} |"
    yield f"| jobs with anything but one effect | {len(storm.violations)} |"
    yield ""
    yield "## What is counted"
    yield ""
    yield "- of a generation: the versions of objects in S3, its attempts and statuses, requests that its team paid for"
    yield "- of a deployment: calls that its LOCAL backend makes when it starts, what its platform was asked to begin,"
    yield "  its attempts and statuses"
    yield "- of both: messages that the topic's subscriber and the team's webhook got, entries of the activity, and the"
    yield "  stream, which adds up to what is stored and has one terminal event"
    if storm.violations:
        yield "\n## Violations\n\n```"
        yield from storm.violations
        yield "```"


if __name__ == "__main__":
    sys.exit(main())
