"""Clients that cost little: requests over connections that stay open, and sockets whose messages are counted."""  # noqa: INP001 - benchmarks are not a package

import asyncio
import base64
import json
import os
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

HOST: Final = "127.0.0.1"
_SHORT: Final = 126
_LONG: Final = 127
TEXT: Final = 1
CLOSE: Final = 8
_PING: Final = 9
_PONG: Final = b"\x8a"


class Http:
    """One connection, for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
        self._reader = reader
        self._writer = writer
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int, headers: Mapping[str, str]) -> "AsyncGenerator[Self]":
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            yield cls(reader, writer, headers)
        finally:
            writer.close()

    async def post(self, body: bytes) -> bytes:
        """Return the body of the answer. Raises RuntimeError unless it is 200."""
        head = f"POST /graphql HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n{self._head}"
        self._writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(line for line in answered.splitlines() if line.startswith("content-length:"))
        answer = await self._reader.readexactly(int(length.partition(":")[2]))
        if " 200 " not in answered.partition("\r\n")[0]:
            raise RuntimeError(f"{answered} {answer!r}")
        return answer


class Socket(asyncio.Protocol):
    """A WebSocket of graphql-transport-ws that tells of each message, looks into none, and answers pings."""

    def __init__(self, on_message: Callable[[bytes], None]) -> None:
        self._on_message = on_message
        self._buffer = bytearray()
        self._is_open = False
        self.opened = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()
        self.code: int | None = None
        """With which the server has closed the socket, if it said so."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # uvloop's is no asyncio.Transport
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /graphql HTTP/1.1\r\nhost: {HOST}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            f"sec-websocket-key: {key}\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(exc)
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, ended, rest = self._buffer.partition(b"\r\n\r\n")
            if not ended:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.opened.set_exception(RuntimeError(head.decode()))
                self._transport.abort()
                return
            self._buffer, self._is_open = rest, True
            self.opened.set_result(None)
        self._take_frames()

    def _take_frames(self) -> None:
        buffer, start = self._buffer, 0
        while (found := frame_at(buffer, start)) is not None:
            kind, begin, end = found
            if kind == TEXT:
                self._on_message(bytes(buffer[begin:end]))
            elif kind == _PING:
                self._send(_PONG, bytes(buffer[begin:end]))
            elif kind == CLOSE:
                self.code = int.from_bytes(buffer[begin : begin + 2], "big")
            start = end
        del buffer[:start]

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        self._send(b"\x81", json.dumps(message).encode())

    def _send(self, kind: bytes, data: bytes) -> None:
        self._transport.write(masked(kind, data))

    def close(self) -> None:
        self._transport.abort()


def masked(kind: bytes, data: bytes) -> bytes:
    """Write a client's frame, masked with zeros."""
    size = len(data)
    length = bytes([0x80 | size]) if size < _SHORT else bytes([0x80 | _SHORT]) + size.to_bytes(2, "big")
    return kind + length + bytes(4) + data


def frame_at(buffer: bytes | bytearray, start: int) -> tuple[int, int, int] | None:
    """Return a whole frame's opcode, and where its payload begins and ends."""
    if len(buffer) < start + 2:
        return None
    kind, size, begin = buffer[start] & 0xF, buffer[start + 1] & 0x7F, start + 2
    if size >= _SHORT:
        begin += 2 if size == _SHORT else 8
        if len(buffer) < begin:
            return None
        size = int.from_bytes(buffer[start + 2 : begin], "big")
    return (kind, begin, begin + size) if len(buffer) >= begin + size else None


class Watch:
    """A subscriber who counts its events."""

    def __init__(self, on_event: Callable[[], None]) -> None:
        self._on_event = on_event
        self._acknowledged = asyncio.get_running_loop().create_future()

    async def open(self, port: int, payload: Mapping[str, Any], init: Mapping[str, Any]) -> Socket:
        """Open a socket, sign in and subscribe."""
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: Socket(self._take), HOST, port)
        await socket.opened
        socket.say({"type": "connection_init", "payload": init})
        await self._acknowledged
        socket.say({"type": "subscribe", "id": "1", "payload": payload})
        return socket

    def _take(self, message: bytes) -> None:
        if b'"next"' in message[:60] or b'"next"' in message[-60:]:
            if b'"errors"' in message:
                raise RuntimeError(message.decode())
            self._on_event()
        elif b'"connection_ack"' in message:
            self._acknowledged.set_result(None)
        elif b'"error"' in message or b'"complete"' in message:
            raise RuntimeError(message.decode())
