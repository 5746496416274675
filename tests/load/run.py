"""Loads a real api, and writes docs/load.md.

    python -m tests.load.run [--sockets 10000] [--restarted 5000] [--only silence]

Fails where an event is lost or comes again, or a process crashes or logs a traceback. A goal that is not met is said.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from tests.campaign import circumstances, concluded, table
from tests.load import restart, silence
from tests.load.restart import Restart
from tests.load.silence import Silence
from tests.load.silent import WAKES
from tests.load.stage import MEGABYTE, percentile, raise_descriptors

SOCKETS: Final = 10_000
RESTARTED: Final = 5_000
QUIET: Final = 20.0


@frozen
class Load:
    """How it went."""

    seconds: float
    silence: Silence | None
    restart: Restart | None

    @property
    def violations(self) -> Sequence[str]:
        return [violation for part in (self.silence, self.restart) if part is not None for violation in part.violations]

    @property
    def goals(self) -> Iterator[tuple[str, str, str]]:
        for part in (self.silence, self.restart):
            if part is not None:
                yield from ((goal, came, "met" if is_met else "**not met**") for goal, came, is_met in part.goals)


async def run(directory: Path, options: argparse.Namespace) -> Load:
    began = time.monotonic()
    first = second = None
    if options.only != "restart":
        (directory / "silence").mkdir()
        first = await silence.run(directory / "silence", sockets=options.sockets, quiet=options.quiet)
    if options.only != "silence":
        (directory / "restart").mkdir()
        second = await restart.run(directory / "restart", sockets=options.restarted)
    return Load(time.monotonic() - began, first, second)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write the report, and return the exit status: 0 unless events were lost or a process crashed."""
    takes = argparse.ArgumentParser(prog="python -m tests.load.run", description="Load an api of one's own.")
    takes.add_argument("--sockets", type=int, default=SOCKETS, help="of which a tenth never read")
    takes.add_argument("--restarted", type=int, default=RESTARTED, help="sockets on the two apis that are restarted")
    takes.add_argument("--quiet", type=float, default=QUIET, help="seconds for each state that is measured")
    takes.add_argument("--only", choices=("silence", "restart"))
    takes.add_argument("--report", type=Path, default=Path("docs/load.md"))
    options = takes.parse_args(arguments)
    raise_descriptors(max(options.sockets, options.restarted))
    with tempfile.TemporaryDirectory(prefix="load-") as directory:
        load = asyncio.run(run(Path(directory), options))
    return concluded(
        options.report, _lines(load), load.violations, of=f"{options.sockets} and {options.restarted} sockets"
    )


def _lines(load: Load) -> Iterator[str]:
    yield "# Under load"
    yield ""
    yield (
        "An api of its own (`snapinfra serve`) with a Redis that has every write on disk, an emulator of AWS and its "
        "clients, all processes of one machine. Memory and CPU are the operating system's figures. Written by "
        "`make load`, which fails where an event is lost or comes again, a process crashes or logs a traceback; "
        "`make soak HOURS=n` watches a mixed load for longer."
    )
    yield from table(("run", ""), [*circumstances(load.seconds), ("load average", _averages())])
    yield from table(("goal", "came of it", ""), load.goals)
    if load.silence is not None:
        yield from _of_silence(load.silence)
    if load.restart is not None:
        yield from _of_restart(load.restart)
    if load.violations:
        yield "\n## Violations\n"
        yield from (f"- {violation}" for violation in load.violations)


def _averages() -> str:
    return ", ".join(f"{figure:.1f}" for figure in os.getloadavg())


def _of_silence(silence: Silence) -> Iterator[str]:
    yield f"\n## {silence.sockets:,} sockets, {silence.silent:,} of which never read\n"
    yield (
        "Each follows a generation. The streams that are read get an event every 10 s; the others get 16 KiB of text a "
        "second, which nobody reads. One in ten of those clients reads again when its kernel has taken no more for "
        f"{WAKES[0]:.0f} to {WAKES[1]:.0f} s, to hear what it is told. A polite client, a process of its own with a "
        "user of its own, has 20 events and 20 queries (`project`) a second on their way; its latencies count from "
        "when each was due. A query waits for the emulator, one process of Python, of which thousands of sockets that "
        f"come ask much: what is measured begins when that is done (here, at most {silence.settling:.0f} s later)."
    )
    memory = {name: f"{size / MEGABYTE:.0f} MB" for name, size in silence.memory.items()}
    yield from table(
        ("memory of the api", ""),
        [
            ("no socket", memory["empty"]),
            ("with those that read", f"{memory['idle']}: {silence.per_idle / 1024:.1f} KiB a socket"),
            ("with all, before anything comes that is not read", memory["before"]),
            ("at the peak, while it comes", memory["peak"]),
            ("when those who do not read are gone", memory["after"]),
            ("when everybody is", memory["end"]),
            ("buffers of all connections in the kernel, both ends", f"+{silence.kernel / MEGABYTE:.0f} MB"),
        ],
    )
    yield from table(
        ("let go", ""),
        [
            ("sockets", f"{len(silence.gone):,} of {silence.silent:,}"),
            ("after their kernel took no more: median", f"{percentile(silence.gone, 0.5):.1f} s"),
            ("the last", f"{max(silence.gone, default=0):.1f} s"),
            *((how, number) for how, number in silence.outcomes.most_common()),
        ],
    )
    yield ""
    yield f"Those who read got {silence.frames:,} events."
    head = ("the polite client's latency", "event: median", "99 of 100", "query: median", "99 of 100 (ms)")
    yield from table(head, (span.row for span in silence.spans))


def _of_restart(restart: Restart) -> Iterator[str]:
    yield f"\n## A rolling restart of {restart.sockets:,} sockets\n"
    yield (
        "Two apis; one gets SIGTERM, is started anew, and then the other. Each client that is sent away comes to the "
        "other api at once, with its cursor. Events are appended all the time, to each of 50 streams every 5 s, and "
        "each says by its text which it is."
    )
    rows = {
        "sockets closed": [f"{len(turn.closes):,}" for turn in restart.turns],
        "with": [", ".join(f"{code}: {number:,}" for code, number in turn.codes.items()) for turn in restart.turns],
        "closed after SIGTERM: first, median, last (s)": [
            f"{min(turn.closes, default=0):.1f}, {percentile(turn.closes, 0.5):.1f}, {max(turn.closes, default=0):.1f}"
            for turn in restart.turns
        ],
        "in the busiest second": [f"{turn.busiest:.0%}" for turn in restart.turns],
        "away: median, 99 of 100, longest (s)": [
            f"{percentile(turn.away, 0.5):.2f}, {percentile(turn.away, 0.99):.2f}, {max(turn.away, default=0):.2f}"
            for turn in restart.turns
        ],
        "all are back after SIGTERM (s)": [f"{turn.back:.1f}" for turn in restart.turns],
        "CPU of the other api for each that comes (ms)": [f"{turn.cpu * 1000:.2f}" for turn in restart.turns],
    }
    yield from table(("", "the first api", "the second"), ((name, *cells) for name, cells in rows.items()))
    yield ""
    yield (
        f"{restart.appended:,} events were appended and {restart.events:,} came to followers; {restart.wrong:,} were "
        f"lost or came again. At first a socket took {restart.opening * 1000:.2f} ms of CPU. {restart.tries:,} "
        "attempts to come back were in vain, at an api that was ending."
    )


if __name__ == "__main__":
    sys.exit(main())
