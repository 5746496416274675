"""How one process hears of changes in Redis: one Pub/Sub connection for all the streams that it watches.

Every confirmation of a subscription rings too. So whoever begins to watch, and everyone after a reconnect, looks again.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from services.foundation.events.bell import Bell, Pulse
from services.foundation.events.port import Appended, Hear, LogUnavailable, News
from services.foundation.events.redis_pubsub import Message, PubSub, listening

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0

_logger: Final = logging.getLogger(__name__)


class Wakeups:
    """Rings the bells of watched channels. Reconnects by itself; compares heads now and then in case it went deaf."""

    def __init__(
        self,
        connect: Callable[[], AbstractConnection],
        heads: Callable[[Sequence[str]], Awaitable[Sequence[object]]],
        read: Callable[[bytes], Appended | None],
        *,
        check_every: float,
        patience: float,
    ) -> None:
        """`connect` returns a connection that is still to be made; `heads` returns a value per channel that changes
        whenever there is something new; `read` reads a message. Where Redis says nothing for `patience` seconds, though
        it is asked to, a new connection is made.
        """
        self._connect = connect
        self._heads = heads
        self._read = read
        self._check_every = check_every
        self._patience = patience
        self._bells: defaultdict[str, set[Bell]] = defaultdict(set)
        self._in_force: set[str] = set()
        self._seen: dict[str, object] = {}
        self._watched = asyncio.Event()
        """Set as long as something is watched."""
        self._changed = Pulse()
        self._pubsub: PubSub | None = None
        self._down = False
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @asynccontextmanager
    async def watch(self, channel: str, hear: Hear) -> AsyncGenerator[AsyncIterator[News]]:
        bell = Bell(hear)
        if channel not in self._bells and self._pubsub:
            self._pubsub.subscribe([channel])
        self._bells[channel].add(bell)
        try:
            await self._start(channel, bell)
            yield bell
        finally:
            self._leave(channel, bell)

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
        self._watched.set()
        while channel not in self._in_force and not self._down and not self._closed:
            await self._changed.next.wait()

    def _leave(self, channel: str, bell: Bell) -> None:
        self._bells[channel].discard(bell)
        if self._bells[channel]:
            return
        del self._bells[channel]
        self._in_force.discard(channel)
        if self._pubsub:
            self._pubsub.unsubscribe([channel])
        if not self._bells:
            self._watched.clear()

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
            await self._watched.wait()
            try:
                await self._converse()
            except (RedisError, OSError) as error:
                _logger.warning("The connection that hears of changes in Redis is lost: %s", error)
            except Exception:
                _logger.exception("The connection that hears of changes in Redis failed.")
            pause = _FIRST_PAUSE if self._in_force else min(pause * 2, _LONGEST_PAUSE)
            self._in_force.clear()
            self._down = True
            self._changed.beat()
            await asyncio.sleep(pause)

    async def _converse(self) -> None:
        """Subscribe to what is watched, and listen until the connection fails."""
        async with listening(self._connect(), self._hear, patience=self._patience) as pubsub:
            self._pubsub = pubsub
            try:
                if self._bells:
                    pubsub.subscribe(self._bells)
                await pubsub.until_lost(patience=self._patience)
            finally:
                self._pubsub = None

    def _hear(self, messages: Sequence[Message]) -> None:
        heard = defaultdict[str, list[Appended | None]](list)
        for channel, message in messages:
            heard[channel].append(None if message is None else self._read(message))
        confirmed = {channel for channel, message in messages if message is None} & self._bells.keys()
        if confirmed:
            self._in_force |= confirmed
            self._down = False
            self._changed.beat()
        for channel, told in heard.items():
            news = [appended for appended in told if appended is not None]
            self._ring(channel, news if len(news) == len(told) else ())

    def _ring(self, channel: str, news: News = ()) -> None:
        for bell in self._bells.get(channel, ()):
            bell.ring(news)

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
