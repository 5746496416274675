"""A connection of HTTP: its headers, and its body, must come in time, and only so many requests at once."""

from functools import partial
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from graph.edge import PATH, Edge
from graph.exchanges import Exchange, is_short
from graph.guard import TAKING, Due, Guard, GuardedConfig
from graph.http import EVENTS
from graph.lingering import Lingering, cut
from services.core.errors import Limited

MOST_HEADERS: Final = 65_536
"""Bytes of a request's line and headers, and of whatever else is not its body, in a row."""

FRAMING: Final = 8
"""Bytes beside a body, for each of its own, that are earned again: a chunk of one byte is sent with five others."""

MOST_PIPELINED: Final = 16
"""Requests that wait for an earlier one of their connection."""

SLICE: Final = 8_192
"""Bytes that are read before anybody looks what was in them: two hundred requests, at most."""


_GRAPHQL: Final = PATH.encode()
_EVENTS: Final = EVENTS.encode()

_TOO_MANY: Final = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"


class GuardedHttp(HttpToolsProtocol):
    """uvicorn's protocol on httptools, with a guard."""

    is_socket = False
    patience = TAKING
    cycle: Any
    """What answers the request that came last: uvicorn's cycle, or an Exchange, which does not ask the application."""
    _unasked: Any = None

    def __init__(self, config: GuardedConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self.guard: Guard = config.guard
        self._edge = config.app if isinstance(config.app, Edge) else None
        self._parser: Any = self.parser
        self.due = Due()
        self._spare = MOST_HEADERS
        self._body = 0
        self._is_within = False
        self._has_headers = False
        self._has_body = False
        self._answered: RequestResponseCycle | Exchange | None = None

    def connection_made(self, transport: Any) -> None:
        lingering: Any = Lingering(transport)
        super().connection_made(lingering)
        try:
            self.guard.enter(self)
        except Limited:
            self.transport.write(_TOO_MANY)
            self.transport.close()
        else:
            self.due.reading = self.loop.time() + self.guard.settings.header_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is answered, which uvicorn forgets where another one waits for its turn."""
        self.guard.leave(self)
        self.pipeline.clear()
        if self._answered is not None:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle | Exchange, app: Any) -> None:
        self._answered = cycle
        if isinstance(cycle, RequestResponseCycle):
            answering: Any = partial(_answer, app, cycle)
            super()._start_asgi_task(cycle, answering)
        else:
            task = self.loop.create_task(cycle.run())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def handle_websocket_upgrade(self) -> None:
        self.guard.leave(self)  # the socket enters for itself
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE):
            before, piece, self._body = self.cycle, data[start : start + SLICE], 0
            super().data_received(piece)
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return
            self._spend(len(piece) - self._body)
            if len(self.pipeline) > MOST_PIPELINED or self._spare < 0:
                self.transport.abort()
                return
            self._set_due(is_new=self.cycle is not before)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_within, self._has_headers, self._has_body = True, False, False
        self._spare = MOST_HEADERS
        self.due.reading = None  # that of the headers begins with them

    def on_headers_complete(self) -> None:
        self._has_headers = True
        if self._edge is not None and self.url == _GRAPHQL and self._is_plain_post:
            self._begin(self._edge)
        else:
            super().on_headers_complete()

    @property
    def _is_plain_post(self) -> bool:
        parser = self._parser
        is_plain = parser.get_method() == b"POST" and not self.expect_100_continue and not parser.should_upgrade()
        return is_plain and not self._takes_events

    @property
    def _takes_events(self) -> bool:
        """Whether the answer may be a stream, which an Exchange has none of."""
        return any(name == b"accept" and _EVENTS in value.lower() for name, value in self.headers)

    def shutdown(self) -> None:
        if self._edge is not None:
            self._edge.part()
        super().shutdown()

    def _begin(self, edge: Edge) -> None:
        """Begin to answer a request for GraphQL, or let it wait for the one before it, as uvicorn does for others."""
        self.scope.update(method="POST", path=PATH, raw_path=_GRAPHQL, query_string=b"")
        scope: Any = self.scope
        keeps = self._parser.get_http_version() != "1.0" and self._parser.should_keep_alive()
        waits, self.cycle = not self._waits, Exchange(self, edge, scope, keep_alive=keeps)
        if waits:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self._unasked))
        else:
            self._start_asgi_task(self.cycle, self._unasked)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. What comes after the body in chunks, nobody reads (RFC 9112, 7.1.2)."""
        if not self._has_headers:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        self._has_body = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_within = False
        super().on_message_complete()

    def _spend(self, beside: int) -> None:
        """Count what came beside a body: headers, the sizes and extensions of chunks, trailers."""
        self._spare = min(MOST_HEADERS, self._spare + FRAMING * self._body) - beside

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.due.reading = None  # uvicorn ends a pause by itself

    def pause_writing(self) -> None:
        super().pause_writing()
        self.due.writing = self.loop.time() + TAKING

    def resume_writing(self) -> None:
        super().resume_writing()
        self.due.writing = None

    def let_go(self) -> None:
        if self.due.writing is None:
            self.transport.abort()
        else:
            cut(self.transport)

    @property
    def is_sent_to(self) -> bool:
        """Whether the client may still send a request of which it has begun to: not where it waits to be told so."""
        return self._is_within and (self._has_body or not self.expect_100_continue)

    @property
    def _waits(self) -> bool:
        """Whether a request's headers are waited for."""
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - at first

    def _set_due(self, *, is_new: bool) -> None:
        if self._waits:
            if self.due.reading is None:
                self.due.reading = self.loop.time() + self.guard.settings.header_seconds
        elif not self.cycle.more_body:
            self.due.reading = None
        elif is_new:
            self.due.reading = self.loop.time() + self.guard.settings.body_seconds


async def _answer(app: ASGIApp, cycle: RequestResponseCycle, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, with its headers and its body in one piece where they come at once.

    Where a long one is answered before it was read to its end, it is its connection's last.
    """
    transport: Any = cycle.transport

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            if cycle.more_body and not is_short(scope):
                cycle.keep_alive = False
            transport.hold()
            await send(message)
        else:
            await send(message)
            transport.flush()

    await app(scope, receive, sending)
