"""What the tests of all targets stand on: a target with its fake, and a reader that stores as a worker does."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from services.core.clock import utc_now
from services.platforms.offers import Hosting
from services.platforms.port import (
    Call,
    Called,
    Calling,
    Config,
    Event,
    Line,
    Live,
    Order,
    Placement,
    Platform,
    Progress,
    Running,
    Told,
)
from services.platforms.preparing import PrepareTables
from services.platforms.vendors.patience import Patience
from services.platforms.vendors.work import Limits
from tests.fakes.targets.server import Target
from tests.services.platforms.projects import zipped

LIMITS = Limits(build=20, release=20, health=4, poll=0.02, longest_poll=0.1)
PATIENCE = Patience(answer=5, trying=10, first=0.02, longest=0.2)
SITE = "bike-rental-0123abcd"


class Crash(Exception):
    """The worker is gone."""


class InProcess:
    """Pauses of this process."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    async def left(self, key: str) -> float:
        return max(0.0, self._until.get(key, 0) - asyncio.get_running_loop().time())

    async def extend(self, key: str, seconds: float) -> None:
        self._until[key] = asyncio.get_running_loop().time() + seconds


def no_tables(*_: object) -> Any:
    raise AssertionError("these archives have no template")


COMMON: Mapping[str, Any] = {
    "prepare": PrepareTables(no_tables),
    "now": utc_now,
    "limits": LIMITS,
    "patience": PATIENCE,
}


@dataclass
class Rig:
    """A target with its fake. `begun` counts what must be begun once per deployment."""

    platform: Platform
    fake: Target
    begun: Callable[[], int]
    build_call: str
    """The call that begins a build, as a pattern."""
    restarts: Callable[[], int] | None = None
    """Counts what was restarted there; None where nothing can be."""
    hosting: Callable[[], Hosting] | None = None
    """What of what runs there can be scaled, as it is."""
    size: str | None = None
    """One that there is, where there are sizes."""
    promote_call: str | None = None
    """The call by which what was built runs at another place, as a pattern; None where that is built again."""
    refused: tuple[Hosting, str] | None = None
    """What the platform itself refuses, and the reason of that."""
    builds_with_variables: bool = True
    """Whether a build there sees the variables, and its output may show them."""

    def order(self, files: Mapping[str, str] | None = None, *, id: str = "deployment_1", **variables: str) -> Order:
        archive = zipped({"package.json": '{"scripts": {"start": "node server.js"}}', **(files or {})})
        return Order(
            deployment_id=id,
            site=SITE,
            credentials=self.fake.credentials,
            secrets=[self.fake.token, *variables.values()],
            archive=archive,
            config=Config(environment=variables),
            code_host=self.fake.code_host,
        )


@dataclass
class Record:
    """What is stored of a deployment: its progress and its stream."""

    progress: Progress = field(default_factory=Progress)
    events: list[Event] = field(default_factory=list[Event])

    @property
    def lines(self) -> list[Line]:
        return [event for event in self.events if isinstance(event, Line) and event.id]

    @property
    def url(self) -> str | None:
        return next((event.url for event in reversed(self.events) if isinstance(event, Live)), None)

    def at(self, order: Order) -> Order:
        return replace(order, progress=self.progress, told=Told(self.lines))

    def placement(self, order: Order) -> Placement:
        return Placement(
            deployment_id=order.deployment_id,
            site=order.site,
            credentials=order.credentials,
            secrets=order.secrets,
            progress=self.progress,
            told=Told(self.lines),
            built=order.built,
        )

    def asked(self) -> "Record":
        """Return a record of what is asked of it: how far that has come is forgotten with it."""
        return Record(self.progress, list(self.events))

    def running(self, order: Order, *, request: str = "request_1") -> Running:
        assert self.url is not None
        return Running(
            deployment_id=order.deployment_id,
            site=order.site,
            credentials=order.credentials,
            secrets=order.secrets,
            progress=self.progress,
            told=Told(self.lines),
            request=request,
            url=self.url,
        )

    def store(self, event: Event) -> None:
        calls = self.progress.calls
        match event:
            case Calling(step):
                self.progress = Progress({**calls, step: Call(utc_now())}, self.progress.page)
            case Called(step, id, page):
                self.progress = Progress({**calls, step: Call(calls[step].at, id)}, page or self.progress.page)
            case _:
                self.events.append(event)

    async def follow(self, happenings: AsyncGenerator[Event], *, crash_after: int | None = None) -> None:
        """Store what happens; a crash comes when an event is stored and the next one would be asked for."""
        async with aclosing(happenings):
            count = 0
            async for event in happenings:
                self.store(event)
                count += 1
                if count == crash_after:
                    raise Crash
