"""How one process hears of changes in Redis: one Pub/Sub connection for all the streams that it watches.

Every confirmation of a subscription rings too. So whoever begins to watch, and everyone after a reconnect, looks again.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from redis.exceptions import RedisError

from services.foundation.events.bell import Bell, Pulse
from services.foundation.events.port import Appended, LogUnavailable, News

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0

_logger: Final = logging.getLogger(__name__)


class Link(Protocol):
    """What is used of redis-py's PubSub."""

    def subscribe(self, *channels: str) -> Awaitable[Any]: ...
    def unsubscribe(self, *channels: str) -> Awaitable[Any]: ...
    def get_message(self, *, timeout: float | None) -> Awaitable[dict[str, Any] | None]: ...
    def aclose(self) -> Awaitable[None]: ...


class Wakeups:
    """Rings the bells of watched channels. Reconnects by itself; compares heads now and then in case it went deaf."""

    def __init__(
        self,
        connect: Callable[[], Link],
        heads: Callable[[Sequence[str]], Awaitable[Sequence[object]]],
        read: Callable[[bytes], Appended | None],
        *,
        check_every: float,
    ) -> None:
        """`heads` returns a value per channel that changes whenever there is something new; `read` reads a message."""
        self._connect = connect
        self._heads = heads
        self._read = read
        self._check_every = check_every
        self._bells: defaultdict[str, set[Bell]] = defaultdict(set)
        self._asked: set[str] = set()
        self._in_force: set[str] = set()
        self._seen: dict[str, object] = {}
        self._wanted = asyncio.Event()
        self._changed = Pulse()
        self._down = False
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @asynccontextmanager
    async def watch(self, channel: str) -> AsyncGenerator[AsyncIterator[News]]:
        bell = Bell()
        self._bells[channel].add(bell)
        try:
            await self._start(channel, bell)
            yield bell
        finally:
            self._bells[channel].discard(bell)
            if not self._bells[channel]:
                del self._bells[channel]
                self._wanted.set()

    async def close(self) -> None:
        self._closed = True
        for bells in self._bells.values():
            for bell in bells:
                bell.silence()
        self._changed.beat()
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _start(self, channel: str, bell: Bell) -> None:
        """Return once watching is in force, or Redis is known to be away: then the bell rings when it is back."""
        if self._closed:
            bell.silence()
            return
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="redis wakeups")
        if channel in self._in_force:
            bell.ring()
        self._wanted.set()
        while channel not in self._in_force and not self._down and not self._closed:
            await self._changed.next.wait()

    async def _run(self) -> None:
        checking = asyncio.create_task(self._check(), name="redis head check")
        try:
            await self._stay_connected()
        finally:
            checking.cancel()
            await asyncio.wait([checking])

    async def _stay_connected(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            while not self._bells:
                self._wanted.clear()
                await self._wanted.wait()
            try:
                await self._converse()
            except (RedisError, OSError) as error:
                _logger.warning("The connection that hears of changes in Redis is lost: %s", error)
            except Exception:
                _logger.exception("The connection that hears of changes in Redis failed.")
            pause = _FIRST_PAUSE if self._in_force else min(pause * 2, _LONGEST_PAUSE)
            self._asked.clear()
            self._in_force.clear()
            self._set_down(down=True)
            await asyncio.sleep(pause)

    async def _converse(self) -> None:
        """Listen and adjust the subscriptions until the connection fails."""
        link = self._connect()
        try:
            await self._adjust(link)
            await self._listen_and_adjust(link)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await link.aclose()

    async def _listen_and_adjust(self, link: Link) -> None:
        both = [asyncio.create_task(self._listen(link)), asyncio.create_task(self._keep_adjusting(link))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            ends = await asyncio.gather(*both, return_exceptions=True)
        raise next(end for end in ends if isinstance(end, Exception))

    async def _keep_adjusting(self, link: Link) -> None:
        while True:
            await self._wanted.wait()
            await self._adjust(link)

    async def _adjust(self, link: Link) -> None:
        """Subscribe to what is watched now, and to nothing else."""
        self._wanted.clear()
        watched = set(self._bells)
        missing, idle = watched - self._asked, self._asked - watched
        self._asked = watched
        self._in_force -= idle
        if idle:
            await link.unsubscribe(*idle)
        if missing:
            await link.subscribe(*missing)

    async def _listen(self, link: Link) -> None:
        while True:
            message = await link.get_message(timeout=None)
            if message is None or message["type"] not in ("subscribe", "message"):
                continue
            channel = message["channel"].decode()
            if message["type"] == "message":
                self._ring(channel, self._read(message["data"]))
            else:
                if channel in self._asked:
                    self._in_force.add(channel)
                    self._set_down(down=False)
                self._ring(channel)

    def _set_down(self, *, down: bool) -> None:
        self._down = down
        self._changed.beat()

    def _ring(self, channel: str, told: Appended | None = None) -> None:
        for bell in self._bells.get(channel, ()):
            bell.ring(told)

    async def _check(self) -> None:
        """Ring for every channel whose head has moved since the last look, in case a message was lost."""
        while True:
            await asyncio.sleep(self._check_every)
            channels = list(self._bells)
            try:
                heads = await self._heads(channels) if channels else ()
            except LogUnavailable:
                continue
            for channel, head in zip(channels, heads, strict=True):
                if self._seen.get(channel) != head:
                    self._ring(channel)
            self._seen = dict(zip(channels, heads, strict=True))
