"""The report of a chaos run, in Markdown."""

import os
import platform
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from services.core.frozen import frozen
from tests.chaos.checker import Kind
from tests.chaos.fleet import Size
from tests.chaos.tally import Tally

_PROMISES = {
    Kind.LOST: "events lost",
    Kind.DUPLICATED: "events duplicated",
    Kind.REORDERED: "events or attempts out of order",
    Kind.TERMINAL: "streams without exactly one terminal event at their end, which the record agrees with",
    Kind.ARTIFACT: "streams that add up to anything but the stored artifact, byte for byte, or not to the same for all",
    Kind.GAP: "gaps where nothing was lost",
    Kind.BEGUN: "more deployments begun at a platform than there are",
    Kind.STUCK: "jobs without an end a minute after the last fault",
    Kind.RESUME: "mistakes of the harness when resuming",
}


@frozen
class Circumstances:
    """Of which run the report is."""

    at: datetime
    seed: int
    every: float
    """Mean seconds between two faults."""
    jobs_at_once: int
    deploys: bool
    size: Size
    seconds: float


def write(path: Path, tally: Tally, run: Circumstances) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_lines(tally, run)) + "\n", encoding="utf-8")


def _lines(tally: Tally, run: Circumstances) -> Iterator[str]:
    total = tally.faults.total()
    yield "# Chaos"
    yield ""
    yield (
        "What subscribers received and what was stored, while processes were killed, paused and restarted, sockets "
        "cut and messages delivered twice. Written by "
        f"`{_command(total, run)}`, which fails unless every count below is 0."
    )
    yield from _table("Promise", {_PROMISES[kind]: _count(tally, kind) for kind in Kind}, "Broken")
    yield from _table("Run", _circumstances(tally, run), "")
    yield from _table("Fault", dict(tally.faults.most_common()), f"{total} in all")
    yield from _table("Job", dict(sorted(tally.jobs.items())), f"{tally.jobs.total()} in all")
    yield ""
    yield "## How to read this"
    yield ""
    yield from _notes()
    if tally.errors:
        yield from _table("Error that a client was told, and then asked again", dict(tally.errors.most_common()), "")
    if tally.surprises:
        yield "\n## What processes did that nobody made them do\n"
        yield from (f"- {surprise}" for surprise in tally.surprises)
    if tally.violations:
        yield "\n## Violations\n\n```"
        yield from map(str, tally.violations)
        yield "```"


def _circumstances(tally: Tally, run: Circumstances) -> Mapping[str, object]:
    size = run.size
    return {
        "date": f"{run.at:%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {_memory()}, {platform.system()}, Python {platform.python_version()}",
        "seed": run.seed,
        "time": f"{run.seconds:.0f} s; a fault every {run.every} s on average",
        "processes": f"{size.apis} apis, {size.workers} workers, Redis (AOF, fsync always), emulator (ministack)",
        "load": f"{run.jobs_at_once} jobs at once: {_load(run)}; leases of {size.lease} s",
        "attempts": f"{tally.attempts} of all generations, at most {tally.most_attempts} of one",
        "subscribers": f"{tally.subscribers}, which resumed {tally.resumes} times",
        "events": f"{tally.events} received, covering {tally.merged} of the log, besides those of the audit",
        "gaps announced": tally.gaps,
        "streams read again at the end": tally.audited,
        "messages in the dead-letter queue": tally.dead_letters,
    }


def _command(faults: int, run: Circumstances) -> str:
    if run.deploys:
        return f"python -m tests.chaos.run --faults {faults} --seed {run.seed} --deployments"
    return f"make chaos FAULTS={faults} SEED={run.seed}"


def _load(run: Circumstances) -> str:
    if run.deploys:
        return "deployments of a tiny backend to LOCAL and fakes of all platforms, and generations by a fake LLM server"
    return f"generations by the scaffold at {run.size.pace:.0f} tokens a second"


def _notes() -> Iterator[str]:
    yield (
        "- FAILED (WORKER_LOST) is a job whose workers were lost as often as a poison job's may be. The victims are "
        "chosen at random, so some jobs meet that fate; their streams are checked like all others."
    )
    yield "- INCOMPLETE (MAX_TOKENS) is what most CODE jobs are to be: they ask for fewer tokens than they need."
    yield (
        "- A gap is announced (`StreamGap`) where a Redis that was killed came back: the next attempt cannot know "
        "that nothing was lost and starts a new epoch, which subscribers then get from its start. A gap in a stream "
        "during whose life Redis was not killed is a violation."
    )
    yield (
        "- Every stream has three subscribers, one of which joins late, one after its end, and one at the end of the "
        "run; each connects to any api, and again after every loss, with the cursor of the last event it got. "
        "At the same position all must have had the same."
    )
    yield "- A number of log entries may come joined in one event: text of a stream, or of one of its files."


def _table(title: str, rows: Mapping[str, object], unit: str) -> Iterator[str]:
    yield f"\n| {title} | {unit} |"
    yield "|---|---|"
    yield from (f"| {name} | {value} |" for name, value in rows.items())


def _count(tally: Tally, kind: Kind) -> int:
    return sum(violation.kind is kind for violation in tally.violations)


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return "memory unknown"
    return f"{size / 2**30:.0f} GiB"
