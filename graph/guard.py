"""Connections as uvicorn has them, but bounded: how many somebody has, and how long they may let one wait.

uvicorn bounds the pause between two requests and the size of a message. The rest is here, where bytes come in: above,
nobody sees half of a header, an answer that is not read, or a ping (graph.http_connections, graph.socket_connections).
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final, Protocol

import uvicorn

from graph.lingering import cut
from graph.seats import Seats
from services.config import Config
from services.core.instruments import SOCKETS
from services.core.networks import network_of

LOOK_EVERY: Final = 0.5
"""Seconds between two looks at which connections let us wait for too long."""

SAID_EVERY: Final = 60.0
"""Seconds between two lines of the log about requests that are none."""

LETTING: Final = 0.002
"""Seconds between two that are let go, in which others have their turn: what each leaves behind takes a millisecond."""

PARTING: Final = 0.005
"""Seconds between two sockets that are sent away: about what an api takes to have one back."""

LONGEST_PARTING: Final = 10.0
"""Seconds for all of them."""

TAKING: Final = 60.0
"""Seconds that a client may take to read an answer that waits for it."""


log = logging.getLogger("snapinfra.access")


class _Seldom(logging.Filter):
    """Lets through what uvicorn warns of once a minute, not for each request that is none: anybody can send those."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.WARNING or record.created - self._said.get(record.msg, 0) < SAID_EVERY:
            return record.levelno > logging.WARNING
        self._said[record.msg] = record.created
        return True


logging.getLogger("uvicorn.error").addFilter(_Seldom())


class Connection(Protocol):
    """A connection that is guarded."""

    transport: asyncio.Transport
    client: tuple[str, int] | None
    due: "Due"
    is_socket: bool

    def shutdown(self) -> None:
        """Tell the client that the server goes, and end."""
        ...

    def let_go(self) -> None:
        """End, because the client lets us wait for too long."""
        ...


@dataclass(slots=True)
class Due:
    """Until when a client must have sent, and read, what is waited for; None while nothing is."""

    reading: float | None = None
    writing: float | None = None

    def is_over(self, now: float) -> bool:
        return any(due is not None and due < now for due in (self.reading, self.writing))


@dataclass(eq=False)
class Guard:
    """Knows the connections of a server, and ends those that let it wait."""

    settings: Config
    seats: Seats = field(init=False)
    awaited: set[Connection] = field(default_factory=set[Connection])
    """Those that may let us wait: requests, and sockets that are sent more than they read. There are few of them."""
    _whose: dict[Connection, str | None] = field(default_factory=dict[Connection, str | None])

    def __post_init__(self) -> None:
        self.seats = Seats(self.settings.most_connections, "connections from your address")

    def enter(self, connection: Connection) -> None:
        """Take a connection in. Raises Limited where its address has as many as it may; a proxy may have any."""
        peer = connection.client[0] if connection.client else ""
        whose = None if _is_proxy(peer, self.settings.trusted_proxies) else network_of(peer)
        if whose is not None:
            self.seats.take(whose)
        self._whose[connection] = whose
        if connection.is_socket:
            SOCKETS.record(1)
        else:
            self.awaited.add(connection)

    def leave(self, connection: Connection) -> None:
        """Let go of a connection; more than once does no harm."""
        self.awaited.discard(connection)
        if connection.is_socket and connection in self._whose:
            SOCKETS.record(-1)
        whose = self._whose.pop(connection, None)
        if whose is not None:
            self.seats.leave(whose)

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """End what lets us wait for too long, within the block; after it, whoever does not read."""
        task = asyncio.create_task(self._watch(), name="guard")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            for connection in self._awaited(lambda due: due.writing is not None):
                cut(connection.transport)

    async def part(self) -> None:
        """Send the clients of sockets away (1012), in no order and one by one: each comes back at once, to another api.

        That costs an api some milliseconds, for which it would else keep everybody waiting.
        """
        sockets = [connection for connection in self._whose if connection.is_socket]
        random.shuffle(sockets)
        began, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
        pause = min(PARTING, LONGEST_PARTING / max(len(sockets), 1))
        for number, connection in enumerate(sockets, 1):
            if connection in self._whose and not connection.transport.is_closing():
                try:
                    connection.shutdown()
                except Exception:  # whatever state its client has brought it into: the others are to go, too
                    log.exception("a socket could not be sent away")
                    connection.transport.abort()
            await asyncio.sleep(began + number * pause - loop.time())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = asyncio.get_running_loop().time()
            for connection in self._awaited(lambda due, now=now: due.is_over(now)):
                if connection in self.awaited and connection.due.is_over(now):
                    connection.let_go()
                    await asyncio.sleep(LETTING)

    def _awaited(self, is_meant: Callable[[Due], bool]) -> list[Connection]:
        return [connection for connection in self.awaited if is_meant(connection.due)]


class GuardedConfig(uvicorn.Config):
    """uvicorn's configuration, by which its protocols find their guard."""

    def __init__(self, *args: Any, guard: Guard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = guard


@lru_cache(4096)
def _is_proxy(peer: str, proxies: tuple[str, ...]) -> bool:
    if "*" in proxies:
        return True
    try:
        return any(ip_address(peer) in ip_network(proxy) for proxy in proxies)
    except ValueError:
        return False
