"""Many sockets, a tenth of which never read while events flow in what they follow: what that costs, and whom."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.measured import Measured
from services.core.frozen import frozen
from tests.load.process import child
from tests.load.stage import (
    LONGEST,
    MEGABYTE,
    OPENING,
    WARM,
    Peak,
    Place,
    Stage,
    crowd_of,
    kernel_memory,
    measured,
    mistakes,
    percentile,
    staged,
    writing,
)

USERS: Final = 10
STREAMS: Final = 10
"""Of each user; those of one of ten are what the silent ones follow."""

EVERY: Final = 10.0
"""Seconds between two events of a stream that is read."""

LOUD: Final = 16_384
"""Characters of an event that nobody reads, of which each stream has one a second: as much as a fast model writes."""

LOUD_FOR: Final = 90.0
"""Seconds for which those come, at most: some clients read again too early, and are silent for as long once more."""

SOON: Final = 30.0
"""Seconds within which whoever does not read is to be let go."""

MOST_SLOWER: Final = 2.0
"""Times that p99 may take of what it takes unloaded."""

AT_ONCE: Final = 0.3
"""Seconds within which a query is answered when nothing waits."""

SETTLED: Final = 240.0
"""Seconds that it may take until that is so."""

ONE_IN: Final = 10
"""So many sockets of which one never reads."""


@frozen
class Span:
    """What the polite client saw for some time: 99 of 100 and half of its events, and of its queries, took so long."""

    name: str
    events: Sequence[float]
    queries: Sequence[float]

    @property
    def row(self) -> tuple[str, ...]:
        figures = [(percentile(values, 0.5), percentile(values, 0.99)) for values in (self.events, self.queries)]
        return (self.name, *(f"{figure:.1f}" for pair in figures for figure in pair))

    def ratio(self, other: "Span") -> float:
        """Return how many times p99 is that of another span, of events or of queries, whichever is more."""
        return max(
            percentile(mine, 0.99) / max(percentile(others, 0.99), 0.1)
            for mine, others in ((self.events, other.events), (self.queries, other.queries))
        )


@dataclass
class Silence:
    """How it went; memory in bytes, times in seconds."""

    sockets: int
    silent: int
    spans: list[Span] = field(default_factory=list[Span])
    memory: dict[str, int] = field(default_factory=dict[str, int])
    """Of the process: `empty`, `idle` (all who read are there), `before` (all are), `peak`, `after` (those who do not
    read are gone), `end` (everybody is).
    """
    kernel: int = 0
    """By how much the buffers of all connections grew, at both ends."""
    gone: list[float] = field(default_factory=list[float])
    """After how long each was gone, from when its kernel took no more."""
    outcomes: Counter[str] = field(default_factory=Counter[str])
    """With what: of those who read again, and of the others."""
    frames: int = 0
    """Events that those who read got."""
    settling: float = 0.0
    """How long it took at most until queries were answered at once, after sockets had come."""
    closed: int = 0
    """Sockets that were let go though they read."""
    violations: list[str] = field(default_factory=list[str])

    @property
    def grown(self) -> int:
        """The memory of the sockets that never read, beside that of a socket."""
        return self.memory["peak"] - self.memory["before"]

    @property
    def per_idle(self) -> float:
        return (self.memory["idle"] - self.memory["empty"]) / (self.sockets - self.silent)

    @property
    def goals(self) -> Iterator[tuple[str, str, bool]]:
        """Yield each goal, what came of it, and whether it is met."""
        left = self.silent - len(self.gone)
        latest = max(self.gone, default=0.0)
        unloaded, *_, loaded = self.spans
        codes = {how for how in self.outcomes if not how.startswith(("1013", "aborted"))}
        yield "sockets that never read take at most 100 MB", f"{self.grown / MEGABYTE:.0f} MB", self.grown <= 100e6
        yield (
            "they are let go within 30 s",
            f"{len(self.gone)} of {self.silent}, the last after {latest:.1f} s",
            latest <= SOON and not left,
        )
        yield "with 1013, or by abort where they do not hear it", ", ".join(map(str, self.outcomes)), not codes
        yield "nobody who reads is let go", f"{self.closed} of {self.sockets - self.silent:,}", not self.closed
        ratio = loaded.ratio(unloaded)
        yield "everybody else's p99 stays within 2 times of unloaded", f"{ratio:.1f} times", ratio <= MOST_SLOWER


@dataclass
class _Seen:
    """What the processes of the clients told."""

    samples: list[tuple[str, float, float]] = field(default_factory=list[tuple[str, float, float]])
    """The kind of what was due, when, and the milliseconds until it was there."""
    times: list[tuple[str, float, float]] = field(default_factory=list[tuple[str, float, float]])
    """The states that are measured, from when to when."""
    gone: list[tuple[float, str, bool]] = field(default_factory=list[tuple[float, str, bool]])
    wrong: list[str] = field(default_factory=list[str])

    def take(self, said: Mapping[str, Any]) -> None:
        if "sample" in said:
            kind, due, took = said["sample"]
            self.samples.append((kind, due, took))
        elif "gone" in said:
            after, how, woke = said["gone"]
            self.gone.append((after, how, woke))
        elif isinstance(wrong := said.get("wrong"), str):
            self.wrong.append(wrong)

    def behind(self) -> float:
        """Return how many seconds ago the last query was due that is answered."""
        return time.monotonic() - next(due for kind, due, _ in reversed(self.samples) if kind == "query")

    def spans(self) -> Iterator[Span]:
        """Yield what was due in each state, whenever it was there."""
        for name, began, ended in self.times:
            events, queries = (
                [took for kind, due, took in self.samples if kind == meant and began <= due < ended]
                for meant in ("event", "query")
            )
            yield Span(name, events, queries)


async def run(directory: Path, *, sockets: int, quiet: float) -> Silence:
    """Do it, with so many seconds for each state that is measured."""
    silence, seen = Silence(sockets, sockets // ONE_IN), _Seen()
    async with staged(directory, apis=1, users=USERS + 2, streams=STREAMS) as stage:
        probed, loud, read = stage.places[0], stage.places[STREAMS : 2 * STREAMS], stage.places[2 * STREAMS :]
        for place in loud:
            await stage.write(place, width=LOUD)
        for place in read:
            await stage.write(place)
        await _carry(_Parts(stage, silence, seen, quiet, loud, read), probed)
        silence.violations += [*seen.wrong, *stage.fleet.surprises, *mistakes(directory)]
    silence.spans = list(seen.spans())
    silence.gone = [after for after, _, _ in seen.gone]
    silence.outcomes.update(f"{how} to who {'reads again' if woke else 'never reads'}" for _, how, woke in seen.gone)
    return silence


@frozen
class _Parts:
    stage: Stage
    silence: Silence
    seen: _Seen
    quiet: float
    loud: Sequence[Place]
    read: Sequence[Place]

    async def settle(self) -> None:
        """Wait until queries are answered at once again, for as long as that may take."""
        began = time.monotonic()
        await asyncio.sleep(WARM)  # new sockets' rights are looked at again after some seconds
        while self.seen.behind() > AT_ONCE and time.monotonic() < began + SETTLED:  # noqa: ASYNC110 - as time goes
            await asyncio.sleep(0.2)
        self.silence.settling = max(self.silence.settling, time.monotonic() - began)

    async def rest(self, name: str) -> None:
        """Let the polite client ask for a while."""
        began = time.monotonic()
        await asyncio.sleep(self.quiet)
        self.seen.times.append((name, began, time.monotonic()))


async def _carry(parts: _Parts, probed: Place) -> None:
    stage, silence, seen = parts.stage, parts.silence, parts.seen
    process = measured(stage.fleet.apis[0])
    task = {
        "port": stage.ports[0],
        "events_url": stage.fleet.config.events_url,
        "stream": probed.stream,
        "token": probed.token,
        "project": probed.project,
    }
    async with child("probe", takes=seen.take, **task):
        await asyncio.sleep(WARM)
        await parts.rest("no other socket")
        silence.memory["empty"] = process.memory
        readers = silence.sockets - silence.silent
        async with child("crowd", takes=seen.take, **crowd_of(stage, parts.read, readers)) as crowd:
            await crowd.until(lambda state: state.get("following") == readers, patience=readers * OPENING + WARM)
            await parts.settle()
            silence.memory["idle"] = process.memory
            async with writing(stage, parts.read, every=EVERY):
                await parts.rest(f"{readers:,} sockets that read")
                await _be_silent(parts, process)
            crowd.tell(expected={place.stream: stage.written.get(place.stream, 0) for place in parts.read})
            await crowd.until(lambda state: "report" in state, patience=LONGEST)
            report = crowd.state["report"]
            silence.frames = report["events"]
            silence.violations += report["violations"]
            silence.closed = len(report["closes"])
        await asyncio.sleep(WARM)
        silence.memory["end"] = process.memory


async def _be_silent(parts: _Parts, process: Measured) -> None:
    """Let those come who never read, and write to them until all are gone."""
    stage, silence = parts.stage, parts.silence
    places = [(place.stream, place.token) for place in parts.loud]
    task = {"port": stage.ports[0], "places": places, "sockets": silence.silent}
    async with child("silent", takes=parts.seen.take, **task) as silent:
        await silent.until(lambda state: state.get("open") == silence.silent, patience=silence.silent * OPENING + WARM)
        await parts.settle()
        silence.memory["before"], kernel, peak = process.memory, kernel_memory(), Peak(process)
        watching, began = asyncio.create_task(peak.watch()), time.monotonic()
        async with writing(stage, parts.loud, every=1, width=LOUD):
            with suppress(TimeoutError):
                await silent.until(lambda _: len(parts.seen.gone) == silence.silent, patience=LOUD_FOR)
        parts.seen.times.append((f"the same, and {silence.silent:,} that never read", began, time.monotonic()))
        watching.cancel()
        silence.memory["peak"], silence.kernel = peak.memory, peak.kernel - kernel
        await asyncio.sleep(WARM)
        silence.memory["after"] = process.memory
