"""A service of AWS that answers as it is told, one request after the other: raw bytes, or nothing at all."""

import asyncio
import ssl
import zlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CUT = b""
"""The connection is closed instead of an answer."""
SILENCE = b"silence"
"""Nothing comes."""


def said(body: bytes, *, status: int = 200, checksum: int | None = None, more: str = "") -> bytes:
    """Return an answer of DynamoDB's."""
    crc = zlib.crc32(body) if checksum is None else checksum
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {len(body)}\r\n"
    return f"{head}x-amz-crc32: {crc}\r\n{more}\r\n".encode() + body


def refused(code: str, *, status: int = 400, more: str = "") -> bytes:
    """Return a refusal."""
    return said(f'{{"__type": "com.amazonaws#{code}", "message": "No."}}'.encode(), status=status, more=more)


@dataclass
class Scripted:
    """The server. The last of its answers is given again and again."""

    answers: Sequence[bytes]
    closes_after: bool = False
    """Whether a connection is closed a moment after an answer, as AWS does with idle ones."""
    url: str = ""
    bodies: list[bytes] = field(default_factory=list[bytes])
    connections: int = 0
    at_once: int = 0
    """Requests that wait for their answers."""
    most_at_once: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Answers wait for it."""
    serving: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        answer = self.answers[min(len(self.bodies), len(self.answers) - 1)]
        self.bodies.append(await reader.readexactly(length))
        await self._wait(1)
        await self.held.wait()
        await self._wait(-1)
        if answer == SILENCE:
            await asyncio.sleep(3600)
        if answer == CUT:
            return False
        writer.write(answer)
        await writer.drain()
        return not self.closes_after

    async def _wait(self, change: int) -> None:
        async with self.changed:
            self.at_once += change
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.changed.notify_all()

    async def until(self, at_once: int) -> None:
        """Wait until so many requests wait."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.at_once == at_once)


@asynccontextmanager
async def scripted(
    *answers: bytes, closes_after: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Scripted]:
    """Serve for the length of the block."""
    service = Scripted(answers, closes_after)
    service.held.set()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0, ssl=tls)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()
        for task in service.serving:
            task.cancel()
        await server.wait_closed()
