"""The entrance: GraphQL's requests and sockets go straight to it, everything else through Starlette.

What Starlette's middleware does for the others, and did for GraphQL, is here one function: of the CPU of a small query
it took more than half. It is the oracle in tests/graph/test_edge.py.
"""

import asyncio
import zlib
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from graph.access_log import HEADER, request_id_of
from graph.headers import NOTHING, always
from graph.messages import Answer, Incoming
from graph.origins import EXPOSED, Hosts, foreign_origin
from graph.transport import GraphQLTransport, address_of
from graph.turns import Turnstile
from services.core.logs import noting

PATH: Final = "/graphql"

LEAST_COMPRESSED: Final = 1_024
"""Bytes of a body that is worth compressing."""

LEVEL: Final = 5
"""Of compression: it makes a body nearly as small as 9 does, in half the time."""

LONG: Final = 128 * 1024
"""Bytes of a body that is compressed in a thread: it takes some milliseconds."""

_GZIP: Final = zlib.MAX_WBITS | 16
"""What zlib calls the format of gzip."""

_FORWARDED: Final = ("x-forwarded-for", "x-forwarded-proto")
"""What a proxy says of a request's client."""

_EXPOSED: Final = ", ".join(EXPOSED)


class Edge:
    """The ASGI application. Lets a few requests begin at a time, of each address in turn (graph.turns)."""

    def __init__(self, others: ASGIApp, transport: GraphQLTransport, turnstile: Turnstile) -> None:
        config = transport.services.config
        self._others = others
        self._transport = transport
        self._turnstile = turnstile
        self._hosts = Hosts((*config.allowed_hosts, config.host))
        self._always = {"content-security-policy": NOTHING, **always(secure=not config.development)}
        behind: Any = _nothing  # uvicorn's types of ASGI are its own
        self._proxies: Any = ProxyHeadersMiddleware(behind, list(config.trusted_proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._others(scope, receive, send)
            return
        await self._turnstile.enter(address_of(scope))
        refused = self._hosts.refusal(scope)
        if scope["type"] == "websocket" and refused is not None:
            await refused(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == PATH:
            await self._transport.serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._others(scope, receive, send)
        else:
            await self._answer(scope, receive, send, refused)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, refused: Answer | None) -> None:
        request = Incoming(scope, receive)
        if refused is None and (scope["path"] != PATH or _is_page(request) or _is_preflight(request)):
            await self._others(scope, receive, send)
            return
        answer = await self._answered(request, refused)
        await answer(scope, receive, send)

    async def respond(self, request: Incoming) -> Answer:
        """Return the answer to a POST at PATH, as its connection has read it: proxies that are trusted say for whom."""
        if any(name in request.headers for name in _FORWARDED):
            await self._proxies(request.scope, request.receive, _unsent)
        await self._turnstile.enter(address_of(request.scope))
        return await self._answered(request, self._hosts.refusal(request.scope))

    def part(self) -> None:
        """End streams of events: the server goes."""
        self._transport.ending.set()

    async def _answered(self, request: Incoming, refused: Answer | None) -> Answer:
        request_id = request_id_of(request.headers)
        with noting(requestId=request_id, transport="http"):
            answer = refused or await self._transport.answer(request)
        if refused is None:
            await _compress(answer, request)
            self._tell_page(answer, request)
        answer.headers.update(self._always)
        answer.headers[HEADER] = request_id
        return answer

    def _tell_page(self, answer: Answer, request: Incoming) -> None:
        """Tell a page of another origin what it may read (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
        origin = foreign_origin(request.headers)
        if origin is None:
            return
        answer.headers["access-control-expose-headers"] = _EXPOSED
        if self._transport.origins.allow(origin):
            answer.headers["access-control-allow-origin"] = origin
        _vary(answer, "Origin")


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand behind uvicorn's middleware, which changes a scope."""
    del scope, receive, send


async def _unsent(message: Message) -> None:
    del message


async def _compress(answer: Answer, request: Incoming) -> None:
    """Compress what is long, for those who take that."""
    if len(answer.body) < LEAST_COMPRESSED:
        return
    _vary(answer, "Accept-Encoding")
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return
    answer.headers["content-encoding"] = "gzip"
    is_long = len(answer.body) >= LONG
    answer.body = await asyncio.to_thread(_gzip, answer.body) if is_long else _gzip(answer.body)


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, LEVEL, wbits=_GZIP)


def _vary(answer: Answer, header: str) -> None:
    """Say that another answer may be given where this header of the request is another."""
    answer.headers["vary"] = ", ".join(filter(None, (answer.headers.get("vary"), header)))


def _is_page(request: Incoming) -> bool:
    """Tell whether a browser asks for GraphiQL."""
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return False
    return "query" not in request.parameters


def _is_preflight(request: Incoming) -> bool:
    """Tell whether a browser asks whether a page of another origin may ask."""
    return (
        request.method == "OPTIONS"
        and "access-control-request-method" in request.headers
        and foreign_origin(request.headers) is not None
    )
