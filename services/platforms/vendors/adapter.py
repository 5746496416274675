"""The base of adapters: the port, on top of what a vendor's module does with a connection to its API."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing
from dataclasses import field
from functools import partial
from typing import ClassVar, Generic, TypeVar

from services.core.clock import Clock
from services.core.credentials import Credentials, secrets_of
from services.core.frozen import frozen
from services.platforms.emitting import Emit, emitted, step
from services.platforms.offers import Hosting, Offers, nothing_offered
from services.platforms.port import DeployFailed, Event, Identity, Order, Placement, Running
from services.platforms.preparing import Prepare
from services.platforms.vendors.client import Refused
from services.platforms.vendors.patience import Patience, Pauses
from services.platforms.vendors.wording import worded
from services.platforms.vendors.work import Limits, Work

C = TypeVar("C")


@frozen(kw_only=True)
class VendorPlatform(ABC, Generic[C]):
    """A platform of somebody else. `C` is a connection to its API with one team's credentials."""

    outlives: ClassVar[bool] = True
    name: ClassVar[str]
    """For people, such as `Heroku`."""
    offers: ClassVar[Offers] = nothing_offered("this platform")

    pauses: Pauses
    prepare: Prepare
    now: Clock
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)

    @abstractmethod
    def connect(self, credentials: Credentials | None) -> AbstractAsyncContextManager[C]:
        """Make a connection. Raises DeployFailed NO_CREDENTIALS where there are none, or of another kind."""

    @abstractmethod
    async def run(self, client: C, order: Order, work: Work) -> None:
        """Deploy, or go on, until it is live."""

    @abstractmethod
    async def give_up(self, client: C, placement: Placement, *, live: bool) -> None:
        """Cancel as port.Platform says."""

    @abstractmethod
    async def tell(self, client: C, placement: Placement, work: Work) -> None:
        """Emit the lines of what runs that were not told."""

    async def start_again(self, client: C, running: Running, work: Work) -> None:  # noqa: ARG002 - of those that do
        """Restart what runs, once for a request if it can be; return when that is under way. What it says goes on.

        Raises DeployFailed NOT_OFFERED.
        """
        raise DeployFailed("NOT_OFFERED", self.offers.no_restart or f"{self.name} restarts nothing.")

    async def resize(self, client: C, running: Running, to: Hosting, work: Work) -> None:  # noqa: ARG002 - of those that do
        """Let as much run as is said, once for a request if it can be; return when that is under way.

        Raises DeployFailed NOT_OFFERED.
        """
        raise DeployFailed("NOT_OFFERED", self.offers.instances.refused or f"{self.name} scales nothing.")

    @abstractmethod
    async def identify(self, client: C, credentials: Credentials) -> Identity:
        """Return whose credentials they are."""

    @abstractmethod
    def failure(self, refused: Refused) -> DeployFailed:
        """Word a refusal."""

    async def deploy(self, order: Order) -> AsyncGenerator[Event]:
        """Deploy as port.Platform says."""
        async with aclosing(self._emitted(order, lambda client, work: self.run(client, order, work))) as events:
            async for event in events:
                yield event

    async def look(self, placement: Placement) -> AsyncGenerator[Event]:
        """Look as port.Platform says."""
        async with aclosing(self._emitted(placement, lambda client, work: self.tell(client, placement, work))) as told:
            async for event in told:
                yield event

    async def restart(self, running: Running) -> AsyncGenerator[Event]:
        """Restart as port.Platform says."""
        async with aclosing(self._changed(running, "restart", partial(self.start_again, running=running))) as events:
            async for event in events:
                yield event

    async def scale(self, running: Running, to: Hosting) -> AsyncGenerator[Event]:
        """Scale as port.Platform says."""
        async with aclosing(self._changed(running, "scale", partial(self.resize, running=running, to=to))) as events:
            async for event in events:
                yield event

    async def _changed(
        self, running: Running, name: str, change: Callable[..., Awaitable[None]]
    ) -> AsyncGenerator[Event]:
        async def act(client: C, work: Work) -> None:
            async with step(work.emit, name):
                await change(client, work=work)
            async with step(work.emit, "health"):
                await work.until_healthy(running.url, running.health_path, is_down=_unknown)

        async with aclosing(self._emitted(running, act)) as events:
            async for event in events:
                yield event

    async def cancel(self, placement: Placement, *, live: bool) -> None:
        """Cancel as port.Platform says."""
        with self._worded(placement.secrets):
            async with self.connect(placement.credentials) as client:
                await self.give_up(client, placement, live=live)

    async def check(self, credentials: Credentials) -> Identity:
        """Return whose credentials they are. Raises DeployFailed."""
        with self._worded(secrets_of(credentials)):
            async with self.connect(credentials) as client:
                return await self.identify(client, credentials)

    async def _emitted(self, placement: Placement, act: Callable[[C, Work], Awaitable[None]]) -> AsyncGenerator[Event]:
        async def run(emit: Emit) -> None:
            with self._worded(placement.secrets):
                async with self.connect(placement.credentials) as client:
                    await act(client, Work(placement, emit, self.now, self.limits))

        async with aclosing(emitted(run)) as events:
            async for event in events:
                yield event

    def _worded(self, secrets: Iterable[str]) -> AbstractContextManager[None]:
        return worded(self.name, self.failure, secrets=secrets, again_after=self.patience.longest)


async def _unknown() -> None:
    """Say nothing of why it may be down: it is what runs, whether or not it is well."""
