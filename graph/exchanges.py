"""A request for GraphQL on a connection, and its answer: what uvicorn's cycle is for every other request.

It passes no ASGI messages: the body is there in most cases before anybody asks for it, and the answer goes out in one
piece. uvicorn's cycle is the oracle of tests/graph/test_exchanges.py.
"""

import asyncio
import logging
from typing import Any, Final, Protocol

from starlette.types import Message, Scope
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from graph.edge import Edge
from graph.messages import Answer, Incoming

SHORT: Final = 65_536
"""Bytes of a body that is read to its end also where nobody wants it, and the connection goes on."""

_FAILED: Final = Answer(500, b"Internal Server Error", {"content-type": "text/plain; charset=utf-8"})

log = logging.getLogger("snapinfra.access")


class Connected(Protocol):
    """The connection of an exchange, as uvicorn has it."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    flow: FlowControl
    server_state: Any

    def on_response_complete(self) -> None: ...


class Exchange:
    """Reads a request's body and writes its answer. Has of uvicorn's cycle what its protocol asks of one."""

    __slots__ = (
        "_connection",
        "_edge",
        "_scope",
        "_waiter",
        "body",
        "disconnected",
        "keep_alive",
        "more_body",
        "response_complete",
    )

    def __init__(self, connection: Connected, edge: Edge, scope: Scope, *, keep_alive: bool) -> None:
        self._connection, self._edge, self._scope = connection, edge, scope
        self._waiter: asyncio.Future[None] | None = None
        self.body = bytearray()
        self.more_body, self.keep_alive = True, keep_alive
        self.disconnected = self.response_complete = False

    @property
    def message_event(self) -> "Exchange":
        """What uvicorn's protocol sets when there is more of the body, or the client has gone."""
        return self

    def set(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> Message:
        """Return the next part of the body."""
        if self.more_body and not self.body and not self.disconnected:
            self._connection.flow.resume_reading()
            self._waiter = self._connection.loop.create_future()
            await self._waiter
        if self.disconnected:
            return {"type": "http.disconnect"}
        part, self.body = self.body, bytearray()
        return {"type": "http.request", "body": part, "more_body": self.more_body}

    async def run(self) -> None:
        """Answer. A request that is cancelled, because the server goes, ends with its connection."""
        connection = self._connection
        try:
            answer = await self._edge.respond(Incoming(self._scope, self.receive))
        except asyncio.CancelledError:
            connection.transport.close()
            raise
        except Exception:
            log.exception("a request was not answered")
            answer, self.keep_alive = _FAILED, False
        if connection.flow.write_paused and not self.disconnected:
            await connection.flow.drain()
        if not self.disconnected:
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        connection = self._connection
        if answer.headers.get("connection") == "close" or (self.more_body and not is_short(self._scope)):
            self.keep_alive = False
        parts = [STATUS_LINE[answer.status]]
        for name, value in connection.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (answer.head(), b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n", answer.body)
        connection.transport.write(b"".join(parts))
        self.response_complete = True
        if not self.keep_alive:
            connection.transport.close()
        connection.on_response_complete()


def is_short(scope: Scope) -> bool:
    """Tell whether a body is read to its end by its length: then the connection goes on, whatever was answered."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return len(lengths) == 1 and lengths[0].isdigit() and int(lengths[0][:15]) <= SHORT
