"""A connection of HTTP: its headers, and its body, must come in time, and only so many requests at once."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from graph.guard import TAKING, Due, Guard, GuardedConfig
from services.core.errors import Limited

MOST_HEADERS: Final = 65_536
"""Bytes of a request's line and headers, and of whatever else is not its body, in a row."""

FRAMING: Final = 8
"""Bytes beside a body, for each of its own, that are earned again: a chunk of one byte is sent with five others."""

MOST_PIPELINED: Final = 16
"""Requests that wait for an earlier one of their connection."""

SLICE: Final = 8_192
"""Bytes that are read before anybody looks what was in them: two hundred requests, at most."""


_TOO_MANY: Final = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"


class GuardedHttp(HttpToolsProtocol):
    """uvicorn's protocol on httptools, with a guard."""

    def __init__(self, config: GuardedConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self.guard: Guard = config.guard
        self.due = Due()
        self._spare = MOST_HEADERS
        self._body = 0
        self._has_headers = False
        self._answered: RequestResponseCycle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
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

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

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
        self._has_headers, self._spare = False, MOST_HEADERS

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._has_headers = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. What comes after the body in chunks, nobody reads (RFC 9112, 7.1.2)."""
        if not self._has_headers:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        super().on_body(body)

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
