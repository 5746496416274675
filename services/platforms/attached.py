"""The base of platforms that run things only as long as somebody holds them."""

from collections.abc import AsyncGenerator
from typing import ClassVar

from services.core.credentials import Credentials
from services.platforms.offers import Choice, Hosting, Offers
from services.platforms.port import DeployFailed, Event, Identity, Placement, Running


class Attached:
    """The base of a platform on which nothing runs but what `deploy` holds: it asks for no credentials."""

    __slots__ = ()
    outlives: ClassVar[bool] = False
    offers: ClassVar[Offers] = Offers(
        no_restart="Nothing of it can be restarted.",
        no_domains="It takes no domains: only the machine of the worker reaches it.",
        region=Choice("It runs on the machine of the worker."),
        size=Choice("It takes what it needs of the worker's machine."),
        instances=Choice("One of it runs."),
    )

    async def cancel(self, placement: Placement, *, live: bool) -> None:
        """Do nothing: closing `deploy` has stopped it."""

    async def look(self, placement: Placement) -> AsyncGenerator[Event]:  # noqa: ARG002 - the port's
        """Yield nothing: `deploy` yields all lines."""
        for event in ():
            yield event

    async def restart(self, running: Running) -> AsyncGenerator[Event]:  # noqa: ARG002 - the port's
        """Refuse."""
        raise DeployFailed("NOT_OFFERED", self.offers.no_restart or "This can't be restarted.")
        yield  # an async generator raises when it is read

    async def scale(self, running: Running, to: Hosting) -> AsyncGenerator[Event]:  # noqa: ARG002 - the port's
        """Refuse."""
        raise DeployFailed("NOT_OFFERED", self.offers.instances.refused or "This can't be scaled.")
        yield  # an async generator raises when it is read

    async def check(self, credentials: Credentials) -> Identity:  # noqa: ARG002 - the port's
        """Return nobody."""
        return Identity("")
