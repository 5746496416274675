"""This file is a TCP proxy for tests: it passes bytes on, and cuts WebSockets after so many bytes from the server."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tests.snapinfra import User

PIECE: Final = 65_536
"""Most bytes that are read at once."""


@dataclass
class Proxy:
    """Stands before a server. Make one with `before`."""

    target: str
    """URL of the server."""
    cuts: deque[int]
    """For each WebSocket to come, the bytes that the server may send on it; those after the last are left alone."""
    port: int = 0
    sockets: int = 0
    """WebSockets that were asked for so far."""
    _open: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def url(self) -> str:
        """The server's URL as it is to be used."""
        return urlsplit(self.target)._replace(netloc=f"127.0.0.1:{self.port}").geturl()

    def user(self, user: User) -> User:
        """Return the same user, who comes through here."""
        return User(self.url, user.token)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one connection until either end closes it, or its bytes are used up."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._pass(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # an end has gone, or the test is over
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def close(self) -> None:
        """End all connections."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        most = self._allowance(head)
        address = urlsplit(self.target)
        server_reader, server_writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            server_writer.write(head)
            there = asyncio.create_task(_forward(reader, server_writer))
            back = asyncio.create_task(_forward(server_reader, writer, most=most))
            try:
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        finally:
            server_writer.transport.abort()

    def _allowance(self, head: bytes) -> int | None:
        if b"\r\nupgrade: websocket\r\n" not in head.lower():
            return None
        self.sockets += 1
        return self.cuts.popleft() if self.cuts else None


@asynccontextmanager
async def before(target: str, *, cuts: Iterable[int] = ()) -> AsyncGenerator[Proxy]:
    """Run a proxy before a server for the length of the block."""
    proxy = Proxy(target, deque(cuts))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, most: int | None = None) -> None:
    """Forward bytes until the reader ends, or `most` are forwarded."""
    writer.transport.set_write_buffer_limits(0)  # so that a drained byte has left us
    left = most
    with suppress(ConnectionError):
        while left != 0 and (piece := await reader.read(PIECE if left is None else min(PIECE, left))):
            writer.write(piece)
            await writer.drain()
            left = None if left is None else left - len(piece)
