"""Attacks a running server over the wire, with a polite client beside, and writes docs/hostile.md.

    python -m tests.hostile.run [--only WORD] [--report FILE]

The server is `snapinfra dev` on loopback, with the limits that it has for everybody. This fails where the server
crashes, answers a mistake of its own (500, INTERNAL), logs a traceback, or grows by more memory than it may.
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from services.core.clock import utc_now
from services.core.frozen import frozen
from tests.hostile import inputs, transport
from tests.hostile.attacks import ATTACKS, Attack
from tests.hostile.target import Tally, Target, running

MODULES: Final = (inputs, transport)
"""Where the attacks of the table are: importing them enters them."""

LONGEST: Final = 120.0
"""Seconds that an attack may take."""

QUIET: Final = 5.0
"""Seconds for which nobody attacks, to see what the machine does by itself."""

AFTER: Final = 1.0
"""Seconds after an attack that are still its own: what it left behind may be done only then."""

GOAL: Final = 50.0
"""Milliseconds within which a polite client should be answered, on a quiet machine."""

MEGABYTE: Final = 1024 * 1024


@frozen
class Sample:
    """A request of the polite client: when it began, how long it took, and for how long of that the server computed."""

    began: float
    latency: float
    work: float


@dataclass
class Probe:
    """What the polite client has measured."""

    samples: list[Sample] = field(default_factory=list[Sample])
    ended: str = ""
    """What it said when it ended before its time."""

    def since(self, moment: float) -> list[Sample]:
        return [sample for sample in self.samples if sample.began + sample.latency / 1000 >= moment]


@frozen
class Result:
    """What became of an attack."""

    name: str
    seconds: float
    samples: Sequence[Sample]
    """Of the polite client, meanwhile."""
    counts: str
    grown: float
    """Megabytes."""
    faults: Sequence[str]

    @property
    def worst(self) -> float:
        return max((sample.latency for sample in self.samples), default=0.0)

    @property
    def work(self) -> float:
        return max((sample.work for sample in self.samples), default=0.0)

    @property
    def median(self) -> float:
        return median(sample.latency for sample in self.samples) if self.samples else 0.0


@asynccontextmanager
async def probing(target: Target) -> AsyncGenerator[Probe]:
    """Let a polite client ask within the block."""
    probe = Probe()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(
            "-m",
            "tests.hostile.probe",
            str(target.config.port),
            str(target.pid),
            *(target.user().token for _ in range(10)),
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None

    async def read(lines: asyncio.StreamReader) -> None:
        async for line in lines:
            probe.samples.append(Sample(*map(float, line.split())))

    reading = asyncio.create_task(read(process.stdout))
    try:
        yield probe
    finally:
        if process.returncode is None:
            process.terminate()
        else:
            probe.ended = (await process.stderr.read()).decode()
        await process.wait()
        await reading


async def measured(attack: Attack, target: Target, probe: Probe) -> Result:
    """Do an attack, and see what becomes of the server and of the polite client."""
    tally, faults = Tally(), list[str]()
    before, peak = target.memory, Peak()
    watching = asyncio.create_task(peak.watch(target))
    began = time.monotonic()
    try:
        async with asyncio.timeout(LONGEST):
            await attack.do(target, tally)
    except Exception as error:  # noqa: BLE001 - an attack that fails is a finding
        faults.append(f"the attack ended with {error!r}")
    seconds = time.monotonic() - began
    await asyncio.sleep(AFTER)
    watching.cancel()
    grown = (peak.memory - before) / MEGABYTE
    if grown > attack.megabytes:
        faults.append(f"the server grew by {grown:.0f} MB; {attack.megabytes} are allowed")
    faults += [f"the server answered {what}" for what in tally.faults]
    counts = ", ".join(f"{number} of {what}" for what, number in tally.counts.most_common())
    return Result(attack.name, seconds, probe.since(began), counts, grown, faults)


@dataclass
class Peak:
    """The most memory that a server had."""

    memory: int = 0

    async def watch(self, target: Target) -> None:
        while True:
            self.memory = max(self.memory, target.memory)
            await asyncio.sleep(0.05)


async def run(directory: Path, only: str) -> list[Result]:
    """Attack a server with everything whose name has the word `only`, one after the other."""
    results: list[Result] = []
    async with running(directory) as target:
        await target.user().project()
        async with probing(target) as probe:
            await asyncio.sleep(QUIET)  # what a server does when it starts is no attack
            began = time.monotonic()
            await asyncio.sleep(QUIET)
            results.append(Result("nobody attacks", QUIET, probe.since(began), "", 0, []))
            for attack in ATTACKS:
                if only in attack.name:
                    results.append(await measured(attack, target, probe))
                    _show(results[-1])
        if probe.ended:
            results.append(Result("the polite client", 0, [], "", 0, [probe.ended.strip()]))
    mistakes = [line for line in (directory / "log").read_text().splitlines() if "Traceback" in line]
    if mistakes:
        results.append(Result("the log", 0, [], "", 0, [f"{len(mistakes)} tracebacks: {directory / 'log'}"]))
    return results


def _show(result: Result) -> None:
    sys.stdout.write(f"{result.worst:7.1f} ms ({result.work:.1f})  {result.name}: {result.counts}\n")
    for fault in result.faults:
        sys.stdout.write(f"            {fault}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack, write the report, and return the exit status: 0 only if the server made no mistake."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.run", description="Attack a server of one's own.")
    parser.add_argument("--only", default="", help="a word of the names of the attacks that are to run")
    parser.add_argument("--report", type=Path, default=Path("docs/hostile.md"))
    options = parser.parse_args(arguments)
    directory = Path(tempfile.mkdtemp(prefix="hostile-"))
    results = asyncio.run(run(directory, options.only))
    if not options.only:
        options.report.write_text("\n".join(_lines(results)) + "\n", encoding="utf-8")
    faults = [f"{result.name}: {fault}" for result in results for fault in result.faults]
    worst = max(results, key=lambda result: result.worst)
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    sys.stdout.write(
        f"{len(results) - 1} attacks, {len(faults)} faults. The worst latency: {worst.worst:.1f} ms, {worst.name}\n"
    )
    return 1 if faults else 0


def _lines(results: Sequence[Result]) -> Iterator[str]:
    quiet, *attacks = results
    worst, longest = max(attacks, key=lambda it: it.worst), max(attacks, key=lambda it: it.work)
    yield "# What attacks cost others"
    yield ""
    yield (
        "A server as `snapinfra dev` runs it is attacked over the wire, while a polite client sends one "
        "`{ __typename }` after another on one connection. Written by `make hostile`, which fails where the server "
        "crashes, answers 500 or INTERNAL, logs a traceback, or grows by more memory than it may. Each attack comes "
        "from users, or addresses, of its own."
    )
    yield ""
    yield "| Run | |"
    yield "|---|---|"
    yield f"| date | {utc_now():%Y-%m-%d %H:%M} UTC |"
    yield f"| machine | {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()} |"
    yield f"| attacks | {len(attacks)} |"
    yield f"| the polite client's worst latency | {worst.worst:.1f} ms ({worst.name}) |"
    yield f"| the most that the server computed meanwhile | {longest.work:.1f} ms ({longest.name}) |"
    yield f"| the goal, on a quiet machine | {GOAL:.0f} ms |"
    yield f"| without an attack | median {quiet.median:.1f} ms, worst {quiet.worst:.1f} ms |"
    yield f"| faults | {sum(len(result.faults) for result in results)} |"
    yield ""
    yield "| attack | seconds | polite client: median, worst, most computed (ms) | memory | answers |"
    yield "|---|---|---|---|---|"
    for result in attacks:
        latencies = f"{result.median:.1f}, {result.worst:.1f}, {result.work:.1f}"
        grown = f"+{max(result.grown, 0):.0f} MB"
        yield f"| {result.name} | {result.seconds:.1f} | {latencies} | {grown} | {result.counts} |"
    yield ""
    yield (
        "The attacker, the client and the server share the machine, with whatever else it does: so beside a latency is "
        "how long the server computed, in all of its threads, while the client waited. On a quiet machine the two are "
        "the same. [limits.md](limits.md) has the limits by which attacks are refused."
    )
    if any(result.faults for result in results):
        yield "\n## Faults\n"
        yield from (f"- {result.name}: {fault}" for result in results for fault in result.faults)


if __name__ == "__main__":
    sys.exit(main())
