"""The way to a Redis, for tests: it gives on what the server says in pieces, or over TLS, or not any more."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat

PIECE = 65_536


@dataclass
class Line:
    """Connections through here. Make one with `line`."""

    target: int
    """The server's port."""
    pieces: Iterator[int]
    """How many bytes of the server's are given on at once, one after the other."""
    port: int = 0
    connections: int = 0
    """That were made so far."""
    is_dead: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once nothing more is to come from the connections that are there; they stay open."""
    _open: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def die(self) -> None:
        """Say nothing more on the connections that are there; those that are made from now on are as before."""
        self.is_dead.set()
        self.is_dead = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        is_dead = self.is_dead
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        ways = [
            asyncio.create_task(self._pass(reader, server_writer, repeat(PIECE), is_dead)),
            asyncio.create_task(self._pass(server_reader, writer, self.pieces, is_dead)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            server_writer.transport.abort()
            writer.transport.abort()
            self._open.discard(task)

    async def close(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pieces: Iterator[int],
        is_dead: asyncio.Event,
    ) -> None:
        while data := await reader.read(PIECE):
            while data:
                if is_dead.is_set():
                    await asyncio.Event().wait()
                size = next(pieces)
                writer.write(data[:size])
                data = data[size:]
                await asyncio.sleep(0)  # so that it arrives as a piece


@asynccontextmanager
async def line(
    target: int, *, pieces: Iterator[int] | None = None, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Line]:
    """Lay a line to the server at a port, for the length of the block."""
    laid = Line(target, pieces or repeat(PIECE))
    async with await asyncio.start_server(laid.serve, "127.0.0.1", 0, ssl=tls) as server:
        laid.port = server.sockets[0].getsockname()[1]
        try:
            yield laid
        finally:
            await laid.close()
