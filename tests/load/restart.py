"""A rolling restart: sockets on two apis, each of which ends in turn, while events are appended all the time.

Whoever is sent away comes to the other api with its cursor. Nobody may miss an event, or get one twice.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.measured import Measured
from services.core.frozen import frozen
from tests.load.process import Child, child
from tests.load.stage import LONGEST, OPENING, WARM, Stage, crowd_of, measured, mistakes, staged, writing

USERS: Final = 5
STREAMS: Final = 10
"""Of each user."""

EVERY: Final = 5.0
"""Seconds between two events of a stream."""

SPREAD: Final = 10.0
"""Seconds over which closes are spread, at most."""

CROWDED: Final = 0.25
"""The share of closes that one second may have of them. Few sockets, which an api has back at once, go in less time."""

RESTARTED: Final = 1012

BACK: Final = 120.0
"""Seconds that everybody may take to come back."""


@frozen
class Turn:
    """One api's end and its start anew: seconds since it was told to end, or of CPU."""

    closes: Sequence[float]
    """When each socket was closed."""
    codes: Mapping[str, int]
    away: Sequence[float]
    """For how long each client was."""
    back: float
    """When the last one was back."""
    cpu: float
    """Of the other api for each client that came to it, beside what its events took anyway."""

    @property
    def busiest(self) -> float:
        """The share of closes in the second that has most of them."""
        return max(Counter(map(int, self.closes)).values(), default=0) / max(len(self.closes), 1)


@dataclass
class Restart:
    """How it went."""

    sockets: int
    opening: float = 0.0
    """Seconds of CPU that a socket took at first."""
    turns: list[Turn] = field(default_factory=list[Turn])
    appended: int = 0
    events: int = 0
    """That followers got."""
    tries: int = 0
    """In vain, to come back."""
    otherwise: int = 0
    """Sockets that were closed while no api was ending."""
    wrong: int = 0
    """Events that were lost or came again."""
    violations: list[str] = field(default_factory=list[str])

    @property
    def goals(self) -> Iterator[tuple[str, str, bool]]:
        """Yield each goal, what came of it, and whether it is met."""
        last = max(max(turn.closes, default=0.0) for turn in self.turns)
        share = max(turn.busiest for turn in self.turns)
        codes = sum((Counter(turn.codes) for turn in self.turns), Counter[str]())
        told = ", ".join(f"{number} by {code}" for code, number in codes.items())
        yield (
            f"closes are spread over up to {SPREAD:.0f} s",
            f"over {last:.1f} s; {share:.0%} in the busiest second",
            last <= SPREAD + 1 and share <= CROWDED,
        )
        yield "with 1012", told, set(codes) == {str(RESTARTED)}
        yield "nobody is closed while no api ends", f"{self.otherwise}", not self.otherwise
        yield "no event is lost or comes again", f"{self.wrong} of {self.events:,}", not self.wrong


@frozen
class _Moment:
    """A restart as it went: when it began, when all were back, and the CPU of the other api meanwhile."""

    began: float
    ended: float
    cpu: float
    port: int
    """Of the other."""

    def turn(self, report: Mapping[str, Any]) -> Turn:
        """Return what became of the clients in that time, by their report."""
        closes = [(when, code) for when, code, _ in report["closes"] if self.began <= when <= self.ended]
        returns = [(when, away, port) for when, away, port in report["returns"] if self.began <= when <= self.ended]
        came = sum(port == self.port for _, _, port in returns)
        return Turn(
            [when - self.began for when, _ in closes],
            Counter(str(code) for _, code in closes),
            [away for _, away, _ in returns],
            max((when for when, _, _ in returns), default=self.began) - self.began,
            self.cpu / max(came, 1),
        )


async def run(directory: Path, *, sockets: int) -> Restart:
    """Do it."""
    restart = Restart(sockets)
    async with staged(directory, apis=2, users=USERS, streams=STREAMS) as stage:
        for place in stage.places:
            await stage.write(place)
        before = _cpu(stage)
        async with child("crowd", **crowd_of(stage, stage.places, sockets)) as crowd:
            await crowd.until(lambda state: state.get("following") == sockets, patience=sockets * OPENING + WARM)
            restart.opening = (_cpu(stage) - before) / sockets
            async with writing(stage, stage.places, every=EVERY):
                moments = [await _turn(stage, crowd, number, sockets) for number in range(2)]
                await asyncio.sleep(WARM)
            crowd.tell(expected={place.stream: stage.written.get(place.stream, 0) for place in stage.places})
            await crowd.until(lambda state: "report" in state, patience=LONGEST)
        _note(restart, crowd.state["report"], moments)
        restart.appended = sum(stage.written.values())
        restart.violations += [*stage.fleet.surprises, *mistakes(directory)]
    return restart


async def _turn(stage: Stage, crowd: Child, number: int, sockets: int) -> _Moment:
    """End an api, start it anew, and wait until everybody is back."""
    ending, other = stage.fleet.apis[number], stage.fleet.apis[1 - number]
    process = measured(other)
    usual = await _pace(process)
    before, began = process.seconds, time.monotonic()
    await ending.terminate()
    await ending.start()
    await _all_there(crowd, sockets, patience=BACK)
    await asyncio.sleep(1)  # the last of them get what they missed
    ended = time.monotonic()
    cpu = process.seconds - before - usual * (ended - began)
    return _Moment(began, ended, cpu, stage.ports[1 - number])


def _note(restart: Restart, report: Mapping[str, Any], moments: Sequence[_Moment]) -> None:
    restart.turns = [moment.turn(report) for moment in moments]
    restart.events, restart.tries, restart.wrong = report["events"], report["tries"], report["wrong"]
    restart.violations += report["violations"]
    restart.otherwise = len(report["closes"]) - sum(len(turn.closes) for turn in restart.turns)


def _cpu(stage: Stage) -> float:
    return sum(measured(member).seconds for member in stage.fleet.apis)


async def _all_there(crowd: Child, sockets: int, *, patience: float) -> None:
    await crowd.until(lambda state: state.get("open") == sockets, patience=patience)


async def _pace(process: Measured) -> float:
    """Return the seconds of CPU that a process takes each second for what is always there."""
    before, began = process.seconds, time.monotonic()
    await asyncio.sleep(WARM)
    return (process.seconds - before) / (time.monotonic() - began)
