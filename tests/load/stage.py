"""Where a load is carried: apis, a Redis and an emulator, users with streams, and who writes to them."""

import asyncio
import resource
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bench.measured import Measured
from cli.serving import tool_environment
from services.bootstrap import Services, opened
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.foundation.auth.tokens import issue_dev_token
from services.foundation.events.port import EventLog
from services.generations.model import GenerationKind, GenerationStatus
from services.projects.service import NewProject
from tests.chaos.fleet import Fleet, Member, Size, fleet
from tests.load.following import DIGITS, event_of
from tests.records import generation_of
from tests.snapinfra import SECRET

UNLIMITED: Final = {"SOCKETS_PER_ADDRESS": "0", "SOCKETS_PER_USER": "0", "CONNECTIONS_PER_ADDRESS": "0"}

SPARE: Final = 1_000
"""Descriptors of a process beside those of its sockets."""

MEGABYTE: Final = 1024 * 1024

MOST_TOLD: Final = 3_000
"""Characters of a log that are told."""

OPENING: Final = 0.1
"""Seconds that a socket may take to be opened; all together are given no more."""

LONGEST: Final = 60.0
"""Seconds for which events flow that nobody reads, if not all who don't read are let go before."""

WARM: Final = 5.0
"""Seconds that a state may take to settle."""


@frozen
class Place:
    """A stream, and somebody who may see it."""

    stream: str
    token: str
    project: str


@dataclass(eq=False)
class Stage:
    """What runs, and what was written."""

    fleet: Fleet
    log: EventLog
    places: Sequence[Place]
    width: int = DIGITS
    written: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def ports(self) -> list[int]:
        return [urlsplit(url).port or 0 for url in self.fleet.urls]

    async def write(self, place: Place, *, width: int = DIGITS) -> None:
        """Append the next event of a stream; all of a stream's are as wide."""
        number = self.written.get(place.stream, 0) + 1
        await self.log.append(place.stream, [event_of(number, width)], attempt=1, producer_seq=number)
        self.written[place.stream] = number

    async def keep_writing(self, places: Sequence[Place], *, every: float, width: int = DIGITS) -> None:
        """Append to each stream every so many seconds, to one after the other, until cancelled."""
        due, number = time.monotonic(), 0
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await asyncio.shield(self.write(places[number % len(places)], width=width))
            due, number = due + every / len(places), number + 1


@asynccontextmanager
async def staged(directory: Path, *, apis: int, users: int, streams: int, workers: int = 0) -> AsyncGenerator[Stage]:
    """Run everything within the block: each user has a project, and so many streams on which nothing has come."""
    async with (
        fleet(directory, Size(apis=apis, workers=workers), UNLIMITED) as running,
        opened(running.config, tool_environment()) as process,
    ):
        places = [
            place for number in range(users) for place in await _places(running, process.services, number, streams)
        ]
        yield Stage(running, process.services.generations.event_log, places)


async def _places(running: Fleet, services: Services, number: int, streams: int) -> list[Place]:
    """Make a user, a project, and generations that go on, of which only the log knows what comes."""
    token = issue_dev_token(f"load-{number}", secret=SECRET, lifetime=running.config.jwt_lifetime, now=utc_now)
    credential = await services.sign_in.credential({"authorization": f"Bearer {token}"})
    assert credential is not None
    by = credential.actor
    project = await services.projects.create(NewProject("Load", team_id=by.personal_team_id), by=by)
    made = [
        generation_of(project, kind=GenerationKind.CHAT, status=GenerationStatus.GENERATING) for _ in range(streams)
    ]
    for generation in made:
        await services.generations.table.put_new(generation)
    return [Place(generation.id, token, project.id) for generation in made]


@asynccontextmanager
async def writing(stage: Stage, places: Sequence[Place], *, every: float, width: int = DIGITS) -> AsyncGenerator[None]:
    """Write to streams within the block."""
    task = asyncio.create_task(stage.keep_writing(places, every=every, width=width))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


def crowd_of(stage: Stage, places: Sequence[Place], sockets: int) -> dict[str, Any]:
    """Return the task of a process of clients that follow these streams, as many on each api."""
    return {
        "ports": stage.ports,
        "places": [(place.stream, place.token) for place in places],
        "width": DIGITS,
        "sockets": sockets,
    }


def measured(member: Member) -> Measured:
    assert member.process is not None
    return Measured(member.process.pid)


@dataclass
class Peak:
    """The most memory that a process had, and that all connections of this machine had in the kernel; bytes."""

    process: Measured
    memory: int = 0
    kernel: int = 0

    async def watch(self) -> None:
        with suppress(FileNotFoundError):
            while True:
                self.memory = max(self.memory, self.process.memory)
                self.kernel = max(self.kernel, kernel_memory())
                await asyncio.sleep(0.05)


def kernel_memory() -> int:
    """Return the bytes of all connections' buffers (/proc/net/sockstat, in pages)."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            return int(line.split()[-1]) * resource.getpagesize()
    return 0


def raise_descriptors(sockets: int) -> None:
    """Let this process, and those that it starts, have descriptors for so many sockets. Raises ValueError if not."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(hard, sockets + SPARE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that such a share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def mistakes(directory: Path) -> list[str]:
    """Return a line for each log of a process that has tracebacks."""
    logs = {path.name: path.read_text(errors="replace") for path in directory.glob("*.log")}
    return [
        f"{log.count('Traceback')} tracebacks in {name}, the last: {log[log.rindex('Traceback') :][:MOST_TOLD]}"
        for name, log in logs.items()
        if "Traceback" in log
    ]
