"""A proxy for tests that knows WebSockets: it cuts them in the middle of a message.

Counting messages makes a cut fall behind what was really received, however many events the server merged into one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tests.snapinfra import User

PIECE: Final = 65_536
"""Most bytes that are read at once."""

HEAD_END: Final = b"\r\n\r\n"

Cut = int | None
"""After how many whole messages of the server a WebSocket is cut, in the middle of the next. The first is its answer to
the handshake, the second its connection_ack. None leaves the WebSocket alone."""


@dataclass
class Proxy:
    """Stands before a server. Make one with `before`."""

    target: str
    """URL of the server."""
    cuts: deque[Cut]
    """For each WebSocket to come; those after the last are left alone."""
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
        """Pass on one connection until either end closes it, or it is cut."""
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
        head = await reader.readuntil(HEAD_END)
        cut = self._cut_of(head)
        address = urlsplit(self.target)
        server_reader, server_writer = await asyncio.open_connection(address.hostname, address.port)
        answers = _forward(server_reader, writer) if cut is None else _forward_until(cut, server_reader, writer)
        try:
            server_writer.write(head)
            there = asyncio.create_task(_forward(reader, server_writer))
            back = asyncio.create_task(answers)
            try:
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        finally:
            server_writer.transport.abort()

    def _cut_of(self, head: bytes) -> Cut:
        if b"\r\nupgrade: websocket\r\n" not in head.lower():
            return None
        self.sockets += 1
        return self.cuts.popleft() if self.cuts else None


@asynccontextmanager
async def before(target: str, *, cuts: Iterable[Cut] = ()) -> AsyncGenerator[Proxy]:
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


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        await _write(writer, piece)


async def _forward_until(cut: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(cut):
        await _write(writer, await _next_part(reader))
    part = await _next_part(reader)
    await _write(writer, part[: len(part) // 2])


async def _next_part(reader: asyncio.StreamReader) -> bytes:
    """Read the answer to the handshake or one frame of the server, which has no mask (RFC 6455, section 5.2)."""
    start = await reader.readexactly(2)
    if start == b"HT":
        return start + await reader.readuntil(HEAD_END)
    size = start[1]
    more = await reader.readexactly({126: 2, 127: 8}.get(size, 0))
    return start + more + await reader.readexactly(int.from_bytes(more) if more else size)


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write, and return once the last byte has left us."""
    writer.transport.set_write_buffer_limits(0)
    writer.write(data)
    await writer.drain()
