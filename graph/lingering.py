"""A connection's end that lets the client hear what was said to it, while it still sends.

Where bytes wait to be read when a socket is closed, the kernel resets the connection, and what was written before may
be lost on its way: a refusal, or a close frame. So what is still coming is read and dropped first, for a moment
(RFC 9112, 9.6; nginx calls it a lingering close).
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

MOST_DROPPED: Final = 16 * 1_048_576
"""Bytes that are read and dropped."""

LINGER: Final = 2.0
"""Seconds for which they are."""


class Lingers(Protocol):
    """A protocol that knows whether its client may still be sending, in the middle of something."""

    patience: float
    """Seconds that the client may take to read the last of what was written."""

    @property
    def is_sent_to(self) -> bool: ...


class Lingering:
    """A transport like the one that it is given, but that it lingers where its protocol is still sent to."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._is_closing = False
        self._held = b""
        self.write: Callable[[bytes], None] = transport.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._is_closing or self._transport.is_closing()

    def hold(self) -> None:
        """Let what is written next wait for what follows it, so that both go out in one piece: headers and a body."""
        if not self.is_closing():
            self.write = self._hold

    def flush(self) -> None:
        """Write what waits."""
        if not self._is_closing and self.write != self._transport.write:
            self._write_held(b"")

    def _hold(self, data: bytes) -> None:
        self._held = data
        self.write = self._write_held

    def _write_held(self, data: bytes) -> None:
        held, self._held = self._held, b""
        self.write = self._transport.write
        if held or data:
            self._transport.write(held + data)

    def close(self) -> None:
        """Close the connection; where the client may still be sending, only for writing, and soon for good.

        What was written waits for the client to read it, but not for ever.
        """
        self.flush()
        protocol: Any = self._transport.get_protocol()
        if not self.is_closing() and self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(protocol.patience, cut, self._transport)
        if self.is_closing() or not protocol.is_sent_to:
            self._transport.close()
            return
        self._is_closing = True
        self.write = _unsaid
        self._transport.set_protocol(_Dropping(self._transport, protocol))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()


def cut(transport: asyncio.Transport) -> None:
    """End a connection at once, with all that waits for its client: a kernel would else go on for minutes to send."""
    with suppress(OSError, ValueError):  # it has ended meanwhile
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _unsaid(data: bytes) -> None:
    """Take what is written once the connection is closed for writing: a protocol may be in the middle of a message."""
    del data


class _Dropping(asyncio.Protocol):
    """Drops what comes, and tells the protocol that was before it of everything else."""

    is_sent_to = False

    def __init__(self, transport: asyncio.Transport, before: asyncio.Protocol) -> None:
        self._transport = transport
        self._before = before
        self._left = MOST_DROPPED
        self._end = asyncio.get_running_loop().call_later(LINGER, transport.close)

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._transport.close()

    def pause_writing(self) -> None:
        self._before.pause_writing()

    def resume_writing(self) -> None:
        self._before.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        self._before.connection_lost(exc)
