"""HTTP/1.1 to one endpoint over connections that are kept: what calls to AWS need of it, and nothing else.

A request that was sent is answered or fails, whoever waits for it: one that nobody waits for any more keeps its
connection until then, and what AWS does with it is as if somebody did.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

CONNECT_SECONDS: Final = 5.0
"""That a connection may take to be there."""


class Response:
    """An answer; the names of its headers are in lower case."""

    __slots__ = ("content", "headers", "status_code")

    def __init__(self, status_code: int, headers: dict[str, str], content: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.content = content


class _Stale(Exception):
    """The connection had been closed before anything was asked on it."""


class _Connection(asyncio.Protocol):
    """Asks one thing after the other."""

    def __init__(self, pool: "_Pool") -> None:
        self._pool = pool
        self._transport: Any = None
        self._parser: Any = None
        self._answer: asyncio.Future[Response] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._asked = 0
        self._status = 0
        self._headers: dict[str, str] = {}
        self._has_headers = False
        self._body: list[bytes] = []

    def ask(self, data: bytes, seconds: float) -> "asyncio.Future[Response]":
        """Send a request. The future raises _Stale, or botocore's exceptions of connections."""
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        self._parser = HttpResponseParser(self)
        self._headers, self._body, self._status, self._has_headers = {}, [], 0, False
        self._asked += 1
        self._timer = loop.call_later(seconds, self._time_out)
        self._transport.write(data)
        return self._answer

    def abort(self) -> None:
        self._transport.abort()

    @property
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.abort()  # nothing was asked
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(ConnectionClosedError(endpoint_url=self._pool.url, error=error))
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None and self._has_headers and not {"content-length", "transfer-encoding"} & self._headers.keys():
            self._succeed()  # an answer that ends with its connection (RFC 9112, 6.3)
        was_reused = self._asked > 1 and not self._status and not self._pool.is_closed
        url = self._pool.url
        self._fail(_Stale() if was_reused else ConnectionClosedError(endpoint_url=url, error=exc))
        self._pool.forget(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._status = self._parser.get_status_code()
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        self._has_headers = True

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 200:  # noqa: PLR2004 - an interim answer (RFC 9110, 15.2): the parser goes on to the next
            self._headers, self._body, self._status, self._has_headers = {}, [], 0, False
            return
        if self._answer is None:
            self.abort()  # an answer to nothing
            return
        self._succeed()
        self._pool.put_back(self, keeps=self._parser.should_keep_alive())

    def _succeed(self) -> None:
        answer, self._answer = self._answer, None
        self._end_timer()
        if answer is not None and not answer.done():
            answer.set_result(Response(self._status, self._headers, b"".join(self._body)))

    def _time_out(self) -> None:
        self._fail(ReadTimeoutError(endpoint_url=self._pool.url))
        self.abort()

    def _fail(self, error: Exception) -> None:
        answer, self._answer = self._answer, None
        self._end_timer()
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def _end_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Pool:
    """The connections of one event loop."""

    def __init__(self, url: str, most: int, context: ssl.SSLContext | None) -> None:
        self.url = url
        self.is_closed = False
        parts = urlsplit(url)
        self._at = (parts.hostname or "", parts.port or (443 if context else 80))
        self._context = context
        self._seats = asyncio.Semaphore(most)
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()

    async def exchange(self, data: bytes, seconds: float) -> Response:
        while True:
            await self._seats.acquire()
            connection = self._idle.pop() if self._idle else await self._open()
            try:
                return await connection.ask(data, seconds)
            except _Stale:
                continue

    async def _open(self) -> _Connection:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self), *self._at, ssl=self._context
                )
        except BaseException as error:
            self._seats.release()
            if (refusal := self._refusal(error)) is None:
                raise
            raise refusal from error
        self._all.add(connection)
        return connection

    def _refusal(self, error: BaseException) -> Exception | None:
        match error:
            case TimeoutError():
                return ConnectTimeoutError(endpoint_url=self.url)
            case ssl.SSLError():
                return SSLError(endpoint_url=self.url, error=error)
            case OSError():
                return EndpointConnectionError(endpoint_url=self.url, error=error)
            case _:
                return None

    def put_back(self, connection: _Connection, *, keeps: bool) -> None:
        if not keeps:
            connection.abort()  # which gives its seat back when it is lost
        elif not connection.is_closing:
            self._idle.append(connection)
            self._seats.release()

    def forget(self, connection: _Connection) -> None:
        if connection not in self._all:
            return  # it never came to be one of ours: whoever opened it has told the pool
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        else:
            self._seats.release()

    def close(self) -> None:
        self.is_closed = True
        for connection in list(self._all):
            connection.abort()


class Connections:
    """Sends requests to one endpoint, at most so many at a time. They belong to the event loop that they began in."""

    def __init__(self, url: str, *, most: int, context: ssl.SSLContext | None) -> None:
        self.url = url
        self._most = most
        self._context = context
        self._pools: dict[asyncio.AbstractEventLoop, _Pool] = {}

    async def exchange(self, data: bytes, *, seconds: float) -> Response:
        """Send a request and return its answer. Raises botocore's exceptions of connections, as boto3 does.

        One that meets a connection that AWS has closed meanwhile is sent again, on another.
        """
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            self._pools = {each: its for each, its in self._pools.items() if not each.is_closed()}
            pool = self._pools[loop] = _Pool(self.url, self._most, self._context)
        return await pool.exchange(data, seconds)

    def close(self) -> None:
        """Close the connections of the running event loop."""
        with suppress(RuntimeError):  # none runs
            if (pool := self._pools.pop(asyncio.get_running_loop(), None)) is not None:
                pool.close()
