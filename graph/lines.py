"""A line: what a socket's handler has of its connection, whichever server that is of."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from graph.socket_connections import GuardedSocket

REASON: Final = 123
"""Bytes of a close frame's reason (RFC 6455, 5.5)."""


class Line:
    """Receives messages, and says and closes where there is still somebody."""

    __slots__ = ("_is_over", "_receive", "_send", "connection")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._is_over = False
        connection: Any = scope["state"].get("connection") if "state" in scope else None
        self.connection = connection if isinstance(connection, GuardedSocket) else None
        """None where another server serves the app."""

    async def accept(self, protocol: str | None) -> None:
        """Accept a socket. One whose client has left already has no message."""
        self._is_over = (await self._receive())["type"] != "websocket.connect"
        with suppress(OSError, RuntimeError):  # the client has left
            await self._send({"type": "websocket.accept", "subprotocol": protocol})

    async def message(self) -> str | bytes | None:
        """Return the next message; None once the socket has ended."""
        if self._is_over:
            return None
        received = await self._receive()
        if received["type"] != "websocket.receive":
            self._is_over = True
            return None
        text = received.get("text")
        return received["bytes"] if text is None else text

    async def say(self, text: bytes) -> bool:
        """Send a message of UTF-8, and return whether there is still somebody. Waits for a client that reads slowly."""
        if self._is_over:
            return False
        if self.connection is not None:
            return await self.connection.send_text(text)
        try:
            await self._send({"type": "websocket.send", "text": text.decode()})
        except (OSError, RuntimeError):
            return False
        return True

    def say_now(self, head: bytes, texts: Sequence[bytes], tail: bytes) -> bool:
        """Say messages, each between a head and a tail, where that needs no waiting.

        Returns False, having said none, where it does.
        """
        connection = self.connection
        if self._is_over or connection is None or not connection.can_send:
            return False
        for text in texts:
            connection.send_now(head, text, tail)
        return True

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; nothing more is heard or said there."""
        if self._is_over:
            return
        self._is_over = True
        fitting = reason.encode()[:REASON].decode(errors="ignore")
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code, "reason": fitting})
