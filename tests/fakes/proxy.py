"""A TCP proxy for tests, between any two processes: it passes bytes on, and breaks as networks do.

    async with between(port) as proxy:
        ...  # connect to proxy.port
        proxy.line.swallows = True

tests/e2e/proxy.py is the one that knows HTTP: it cuts WebSockets only, and leaves a page's other requests alone.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from services.core.frozen import frozen

PIECE: Final = 65_536
"""Most bytes that are read at once."""


@dataclass
class Line:
    """How connections fare. A change holds at once, for open connections too."""

    refuses: bool = False
    """New connections are closed before anything is passed on."""
    swallows: bool = False
    """Half-open: bytes of either side are taken and not passed on; nobody is told."""
    delay: float = 0
    """Seconds before each piece is passed on, in either direction."""


@frozen
class Cut:
    """Where one connection ends: after so many bytes of a side; None for never."""

    from_server: int | None = None
    from_client: int | None = None
    silently: bool = False
    """Half-open instead of closed: further bytes of that side are taken and not passed on."""


@dataclass
class Recorded:
    """What was passed on over one connection."""

    from_server: bytearray = field(default_factory=bytearray)
    from_client: bytearray = field(default_factory=bytearray)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once bytes were swallowed."""


@dataclass
class Proxy:
    """Make one with `between`."""

    target: int
    """The server's port on loopback."""
    line: Line = field(default_factory=Line)
    cuts: deque[Cut] = field(default_factory=deque[Cut])
    """For each connection to come; those after the last are left alone."""
    connections: list[Recorded] = field(default_factory=list[Recorded])
    port: int = 0
    _open: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def connected(self, count: int) -> None:
        """Wait until so many connections were passed on."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.connections) >= count)

    def cut_all(self) -> None:
        """End all connections at once, as a crash or a lost route with a reset would."""
        for task in self._open:
            task.cancel()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one connection until either end closes it or it is cut."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if not self.line.refuses:
                await self._pass(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # an end has gone, or the connection is cut
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def close(self) -> None:
        """End all connections and wait for it."""
        self.cut_all()
        await asyncio.gather(*self._open)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut = self.cuts.popleft() if self.cuts else Cut()
        recorded = Recorded()
        async with self._changed:
            self.connections.append(recorded)
            self._changed.notify_all()
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            there = _Way(recorded.from_client, cut.from_client, cut.silently, recorded.silent)
            back = _Way(recorded.from_server, cut.from_server, cut.silently, recorded.silent)
            await _until_one_ends(
                self._forward(reader, server_writer, there), self._forward(server_reader, writer, back)
            )
        finally:
            server_writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: "_Way") -> None:
        """Forward bytes of one side until it ends, or `way.most` are forwarded."""
        writer.transport.set_write_buffer_limits(0)  # so that a drained byte has left us
        with suppress(ConnectionError):
            while way.left != 0 or way.silently:
                piece = await reader.read(way.left or PIECE)
                if not piece:
                    return
                if self.line.delay:
                    await asyncio.sleep(self.line.delay)
                if self.line.swallows or way.left == 0:
                    way.silent.set()
                else:
                    way.passed.extend(piece)
                    writer.write(piece)
                    await writer.drain()


@frozen
class _Way:
    """One direction of a connection."""

    passed: bytearray
    most: int | None
    silently: bool
    silent: asyncio.Event

    @property
    def left(self) -> int | None:
        return None if self.most is None else self.most - len(self.passed)


@asynccontextmanager
async def between(target: int, *cuts: Cut) -> AsyncGenerator[Proxy]:
    """Run a proxy before a server on loopback for the length of the block."""
    proxy = Proxy(target, cuts=deque(cuts))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


async def _until_one_ends(*directions: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(direction) for direction in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
