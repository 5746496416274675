"""One attempt to deploy at a vendor: what it tells, and the calls that must have their effect once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import field
from datetime import datetime
from http import HTTPStatus
from typing import Final

import httpx

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.tls import trusted
from services.platforms.emitting import Emit
from services.platforms.mask import Mask
from services.platforms.migrating import READY, migrates
from services.platforms.output import level_of
from services.platforms.port import (
    Call,
    Called,
    Calling,
    DeployFailed,
    Line,
    LogLevel,
    LogStream,
    Order,
    Placement,
)
from services.platforms.vendors.client import Refused, Unclear

CALLS: Final = 5
"""That came to nothing anybody can see, before the job waits in its queue."""

LOOKS: Final = 5
"""For the effect of a call that nobody knows the answer of: lists at platforms lag behind."""

_TAIL: Final = 24
"""Lines, none of them blank. Node writes an error's message before ten lines of its stack, and properties after it."""
_LONGEST_QUOTED: Final = 500


@frozen
class Limits:
    """All in seconds. Each counts from the call that began what is waited for, whichever attempt made it."""

    build: float = 1_800
    release: float = 900
    health: float = 180
    """From the release to the first 200."""
    migration: float = 900
    """From then until a backend that migrates its database is ready."""
    poll: float = 1
    """Between two looks at first; grows by half each time."""
    longest_poll: float = 15


async def found(find: Callable[[], Awaitable[str | None]], limits: Limits) -> str | None:
    """Return the effect of a call of which nobody knows whether it had one, and which may still be about to have it."""
    pause = limits.poll
    for _ in range(LOOKS):
        if (known := await find()) is not None:
            return known
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, limits.longest_poll)
    return None


@frozen
class Work:
    """What the steps of a vendor's adapter have in common."""

    placement: Placement
    emit: Emit
    now: Clock
    limits: Limits
    _last: deque[str] = field(default_factory=lambda: deque[str](maxlen=_TAIL))
    _mask: Mask = field(init=False)
    _calls: dict[str, Call] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_mask", Mask(self.placement.secrets))
        object.__setattr__(self, "_calls", dict(self.placement.progress.calls))

    async def say(self, message: str) -> None:
        """Emit a line of our own."""
        await self.emit(Line(self.now(), LogLevel.INFO, LogStream.SYSTEM, message))

    async def line(
        self, stream: LogStream, message: str, *, id: str, at: datetime | None = None, level: LogLevel | None = None
    ) -> bool:
        """Emit a line of the platform, unless it was told before; return whether it was new."""
        level = level or level_of(message, stream=stream, from_stderr=False)
        masked = self._mask(message)  # before `quote` cuts it, for nobody knows a value by its half
        line = Line(at or self.now(), level, stream, masked, id)
        if not self.placement.told.is_new(line):
            return False
        if masked.strip():
            self._last.append(masked)
        await self.emit(line)
        return True

    def id(self, step: str) -> str | None:
        """Return what the platform calls what a step began; None where that is not known."""
        call = self._calls.get(step)
        return call.id if call else None

    def began(self, step: str) -> datetime | None:
        """Return when the call of a step was about to be made."""
        call = self._calls.get(step)
        return call.at if call else None

    async def once(
        self,
        step: str,
        *,
        call: Callable[[], Awaitable[str]],
        find: Callable[[], Awaitable[str | None]],
        page: Callable[[str], str | None] = lambda _: None,
    ) -> str:
        """Return what the platform calls the effect of a call, and make the call where it has not been made.

        `find` looks for the effect of a call that an earlier attempt may have made, or whose answer was lost. Raises
        DeployFailed PLATFORM_UNAVAILABLE where there is none after many calls; then another attempt goes on.
        """
        earlier = self._calls.get(step)
        if earlier is not None and earlier.id is not None:
            return earlier.id
        if earlier is None:
            await self.emit(Calling(step))
            earlier = self._calls[step] = Call(self.now())
            known = None
        else:
            known = await found(find, self.limits)
        for _ in range(CALLS):
            if known is not None:
                break
            try:
                known = await call()
            except Unclear:
                known = await found(find, self.limits)
        if known is None:
            message = f"The platform gave no proper answer to the call of the step '{step}', {CALLS} times."
            raise DeployFailed("PLATFORM_UNAVAILABLE", message, again_after=self.limits.longest_poll)
        await self.emit(Called(step, known, page(known)))
        self._calls[step] = Call(earlier.at, known)
        return known

    async def unless_made(self, step: str, call: Callable[[], Awaitable[object]]) -> None:
        """Make a call whose repetition does no harm, unless an earlier attempt has got its answer."""
        if self.id(step) is not None:
            return
        if step not in self._calls:
            await self.emit(Calling(step))
            self._calls[step] = Call(self.now())
        await call()
        await self.emit(Called(step, "done"))

    @asynccontextmanager
    async def within(self, seconds: float, what: str, *, since: str) -> AsyncGenerator[None]:
        """Bound what follows the call of a step. Raises DeployFailed BUILD_TIMED_OUT, or of whatever it is."""
        began = self.began(since)
        passed = (self.now() - began).total_seconds() if began else 0
        try:
            async with asyncio.timeout(max(0, seconds - passed)):
                yield
        except TimeoutError:
            message = f"The {what} took longer than {seconds:g} seconds.{self.quote()}"
            raise DeployFailed(f"{what.upper()}_TIMED_OUT", message) from None

    async def until_live(self, url: str, order: Order, *, is_down: Callable[[], Awaitable[str | None]]) -> None:
        """Return when the backend answers 200, and is ready if it migrates its database. Raises as `until_healthy`."""
        await self.until_healthy(url, order.config.health_path, is_down=is_down)
        if await asyncio.to_thread(migrates, order.archive):
            await self.until_healthy(url, READY, is_down=is_down, seconds=self.limits.migration)

    async def until_healthy(
        self, url: str, path: str, *, is_down: Callable[[], Awaitable[str | None]], seconds: float | None = None
    ) -> None:
        """Return when the backend answers 200. Raises DeployFailed when time is up or `is_down` says why it is."""
        limit = self.limits.health if seconds is None else seconds
        heard, pause = "no answer", self.limits.poll
        try:
            async with (
                asyncio.timeout(limit),
                httpx.AsyncClient(verify=trusted(), timeout=10, follow_redirects=False) as client,
            ):
                while True:
                    await self._require_up(is_down)
                    try:
                        async with client.stream("GET", f"{url.rstrip('/')}/{path.lstrip('/')}") as answer:
                            if answer.status_code == HTTPStatus.OK:
                                return
                            heard = f"status {answer.status_code}"
                    except httpx.HTTPError:
                        heard = "no answer"
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.5, self.limits.longest_poll)
        except TimeoutError:
            await self._look_again(is_down)
            message = f"No 200 from {path} within {limit:g} seconds (last: {heard}).{self.quote()}"
            raise DeployFailed("HEALTH_CHECK_FAILED", message) from None

    async def _require_up(self, is_down: Callable[[], Awaitable[str | None]]) -> None:
        if (why := await is_down()) is not None:
            raise DeployFailed("CRASHED", f"{why}.{self.quote()}")

    async def _look_again(self, is_down: Callable[[], Awaitable[str | None]]) -> None:
        """Look once more at what does not answer: for its last lines, and why it is down. Nothing waits for it long."""
        with suppress(TimeoutError, Refused, Unclear):
            async with asyncio.timeout(self.limits.longest_poll):
                try:
                    await self._require_up(is_down)
                except DeployFailed as failure:
                    if failure.again_after is None:
                        raise

    def quote(self) -> str:
        """Return the last lines, for the sentence that says how it ended."""
        lines = [line[:_LONGEST_QUOTED] for line in self._last]
        return "\nThe last lines:\n" + "\n".join(lines) if lines else ""
