"""How a call is made again while a platform is away, or asks to be left alone."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from services.core.frozen import frozen
from services.platforms.port import DeployFailed

T = TypeVar("T")


class Pauses(Protocol):
    """Until when an API must be left alone, over all processes (services/foundation/limits/pauses.py)."""

    async def left(self, key: str) -> float: ...

    async def extend(self, key: str, seconds: float) -> None: ...


@frozen
class Patience:
    """All in seconds."""

    answer: float = 30
    """For one answer."""
    trying: float = 300
    """For repeating one call while the platform is away or asks to wait; afterwards the job waits in its queue."""
    first: float = 0.5
    """Before the first repeat; grows by half each time."""
    longest: float = 20


class Busy(Exception):
    """A call came to nothing, and may be made again. `heard` is a sentence without its full stop."""

    def __init__(self, heard: str) -> None:
        super().__init__(heard)
        self.heard = heard


class Limited(Busy):
    """The platform takes no more calls of this account for `seconds`; None where it does not say for how long."""

    def __init__(self, heard: str, seconds: float | None) -> None:
        super().__init__(heard)
        self.seconds = seconds


@frozen(kw_only=True)
class Turns:
    """The calls of one account at a platform called `name`. All that have the same `key` wait together."""

    name: str
    key: str
    pauses: Pauses
    patience: Patience

    async def call(self, once: Callable[[], Awaitable[T]]) -> T:
        """Return what `once` returns, again and again while it raises Busy. Raises DeployFailed when time is up."""
        pause = self.patience.first
        deadline = asyncio.get_running_loop().time() + self.patience.trying
        while True:
            await self._wait(deadline)
            try:
                return await once()
            except Limited as limited:
                await self.pauses.extend(self.key, limited.seconds or pause)
                heard = limited.heard
            except Busy as busy:
                heard = busy.heard
            if asyncio.get_running_loop().time() + pause > deadline:
                raise DeployFailed("PLATFORM_UNAVAILABLE", f"{heard}.", again_after=self.patience.longest)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret
            pause = min(pause * 1.5, self.patience.longest)

    async def _wait(self, deadline: float) -> None:
        """Wait while the platform wants to be left alone; longer waits are the queue's."""
        left = await self.pauses.left(self.key)
        if left and asyncio.get_running_loop().time() + left > deadline:
            words = f"{self.name} takes no more calls of this account for now."
            raise DeployFailed("RATE_LIMITED", words, again_after=left)
        if left:
            await asyncio.sleep(left * random.uniform(1, 1.1))  # noqa: S311 - not a secret
