"""How a run tells of what happens, for those who do a part of its work."""

from collections.abc import AsyncGenerator, Awaitable
from typing import Protocol

from services.deployments.model import Deployment
from services.foundation.jobs.run import Run
from services.platforms import port
from services.platforms.mask import Mask


class Telling(Protocol):
    """How a run tells of what happens."""

    def follow(self, run: Run[Deployment], happenings: AsyncGenerator[port.Event], mask: Mask) -> Awaitable[None]:
        """Store what happens. Raises JobFailed."""
        ...

    def say(self, run: Run[Deployment], text: str, *, level: port.LogLevel = port.LogLevel.INFO) -> Awaitable[None]:
        """Tell a line of our own."""
        ...
