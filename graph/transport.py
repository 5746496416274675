"""This file is GraphQL's transports: HTTP, and WebSocket with the protocol graphql-transport-ws, at one path.

The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. The credentials of a socket come in its
connection_init or with the upgrade's own headers.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET, UnsetType

from graph.schema import schema
from graph.sockets import WatchedSocket
from resolvers.context import Context
from resolvers.errors import code_of
from services.bootstrap import Services
from services.core.errors import Problem

INIT_TIMEOUT: Final = timedelta(seconds=10)
"""How long a socket may take to say connection_init."""


class _Leaving(logging.Filter):
    """Keeps quiet of clients that leave in the middle of a stream, which Strawberry logs as failures of its tasks."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], WebSocketDisconnected))


logging.getLogger("strawberry.ws.task").addFilter(_Leaving())


class GraphQLTransport(GraphQL[Context, None]):
    """The GraphQL endpoint; a browser that asks for a page gets GraphiQL."""

    graphql_transport_ws_handler_class = WatchedSocket

    def __init__(self, services: Services, *, page: Callable[[Request], Awaitable[Response]]) -> None:
        super().__init__(
            schema(),
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=INIT_TIMEOUT,
            allowed_origins=services.config.cors_origins,
        )
        self.services = services
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _wants_page(request := Request(scope, receive)):
            await (await self.page(request))(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        except Problem as problem:
            error = {"message": problem.message, "extensions": {"code": code_of(problem).value}}
            response = JSONResponse({"errors": [error]}, 401, {"www-authenticate": "Bearer"})
            await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Make the context of a request or socket. Raises Unauthenticated for a request whose credentials fail."""
        del response
        if isinstance(request, WebSocket):
            return Context(self.services, upgrade_headers=dict(request.headers))
        credential = await self.services.sign_in.credential(request.headers)
        return Context(self.services, signed_in=None if credential is None else credential.actor)

    async def on_ws_connect(self, context: Context) -> UnsetType:
        """Sign a socket in with its connection_init; credentials that fail close it with 4403."""
        try:
            said = _credentials(context.connection_params or {})
            context.credential = await self.services.sign_in.credential({**context.upgrade_headers, **said})
        except Problem as problem:
            raise ConnectionRejectionError from problem
        context.signed_in = None if context.credential is None else context.credential.actor
        return UNSET


def _wants_page(request: Request) -> bool:
    return (
        request.method == "GET"
        and "query" not in request.query_params
        and "text/html" in request.headers.get("accept", "")
    )


def _credentials(params: Mapping[str, Any]) -> dict[str, str]:
    """Read the credentials of a connection_init: at its top or below `headers`, in whatever case."""
    nested: Any = params.get("headers")
    found: dict[str, Any] = {**params, **(nested if isinstance(nested, dict) else {})}
    return {name.lower(): value for name, value in found.items() if isinstance(value, str)}
