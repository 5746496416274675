"""GraphQL's transports: HTTP, with Server-Sent Events, and WebSocket with graphql-transport-ws, at one path.

The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. The credentials of a socket come in its
connection_init or with the upgrade's own headers.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Final

from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph.errors import coded
from graph.http import (
    JSON,
    SOCKET,
    TOO_LONG,
    Asked,
    Malformed,
    NotPersisted,
    answer,
    asked,
    media_type,
    prefers_events,
    problem_refusal,
    refusal,
    takes_events,
    with_quota,
)
from graph.lines import Line
from graph.messages import Answer, Incoming
from graph.origins import Origins, foreign_origin
from graph.schema import schema
from graph.seats import Seat, Seats
from graph.sockets import PROTOCOL, Socket
from graph.sse import HEADERS, Stream, resumed
from graph.turns import Turnstile
from resolvers.context import Context
from services.bootstrap import Services
from services.core.errors import Limited, Problem, Unauthenticated
from services.core.logs import fields
from services.core.networks import network_of

MOST_ANONYMOUS: Final = 65_536
"""Bytes of the body of one who has not signed in: a document, and what an introspecting one needs beside it."""


_ALLOWED: Final = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


log = logging.getLogger("snapinfra.access")


class GraphQLTransport:
    """The GraphQL endpoint."""

    def __init__(
        self,
        services: Services,
        origins: Origins,
        turnstile: Turnstile,
    ) -> None:
        self.schema = schema()
        self.services = services
        self.origins = origins
        self.turnstile = turnstile
        self._anonymous = Seats(services.config.most_anonymous_sockets, "sockets from your address")
        self._sockets = Seats(services.config.most_sockets, "sockets of yours")
        self.ending = asyncio.Event()
        """Set when the server goes: streams of events end."""

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a socket to its end. Until somebody has signed in there, it is one of its address."""
        headers = Headers(scope=scope)
        address, origin = address_of(scope), foreign_origin(headers)
        if origin is not None and not self.origins.allow(origin):
            text = {"content-type": "text/plain; charset=utf-8"}
            await Answer(403, b"The origin may not call.", text)(scope, receive, send)
            return
        counted = f"sockets of {address}"
        try:
            self.services.throttle.take(counted)
            with Seat(self._anonymous, address) as seat:
                await self._converse(scope, Line(scope, receive, send), seat, dict(headers))
        except Limited as limited:
            refused = with_quota(problem_refusal(limited, JSON), self.services.throttle.quota(counted))
            await refused(scope, receive, send)

    async def _converse(self, scope: Scope, line: Line, seat: Seat, headers: Mapping[str, str]) -> None:
        if PROTOCOL not in scope["subprotocols"]:
            await line.accept(None)
            await line.close(4406, "Subprotocol not acceptable")
            return
        await line.accept(PROTOCOL)
        context = Context(self.services, address=address_of(scope))
        settle = partial(self._settle, line, seat)
        await Socket(line, self.schema, context, self.turnstile, headers, settle).serve()

    async def answer(self, request: Incoming) -> Answer:
        """Answer, and say what the caller may still send: the address, until it is known who asks."""
        traceparent = request.headers.get("traceparent")
        context = Context(self.services, address=address_of(request.scope), traceparent=traceparent)
        answered = await self._answer_to(request, context)
        return with_quota(answered, self.services.throttle.quota(context.caller))

    async def _answer_to(self, request: Incoming, context: Context) -> Answer:
        media = JSON
        try:
            media = media_type(request)
            await self._enter(request, context)
            self.services.throttle.take(context.caller)
            return await self._run(request, media, context)
        except Malformed as wrong:
            error = GraphQLError(wrong.message, extensions={"code": wrong.code})
            status = 200 if isinstance(wrong, NotPersisted) and media == JSON else wrong.status
            refused = refusal([error], media, status=status, **wrong.headers)
        except Problem as problem:
            refused = problem_refusal(problem, media)
        except ClientDisconnect:
            refused = Answer(400)  # for the log: nobody is there to see it
        except Exception as mistake:  # noqa: BLE001 - whose text goes to our logs, not to the client
            refused = refusal([coded(mistake)], media, status=500)
        log.info("request refused", extra=fields(status=refused.status))
        return refused

    async def _enter(self, request: Incoming, context: Context) -> None:
        """Sign a request in. Raises Unauthenticated; Limited for an address that does so too often."""
        try:
            context.credential = await self.services.sign_in.credential(request.headers)
        except Unauthenticated:
            self.services.throttle.take(context.address)
            raise
        context.signed_in = None if context.credential is None else context.credential.actor

    async def _run(self, request: Incoming, media: str, context: Context) -> Answer:
        operation = await self._read(request, context)
        if prefers_events(request):
            return self._stream(request, operation, context)
        try:
            result = await self.schema.execute(
                operation.query,
                operation.variables,
                context,
                operation_name=operation.operation_name,
                operation_extensions=operation.extensions,
                allowed_operation_types=_ALLOWED[request.method],
            )
        except CannotGetOperationTypeError as unknown:
            result = ExecutionResult(data=None, errors=[coded(unknown)])
        except InvalidOperationTypeError as wrong:
            if wrong.operation_type is OperationType.MUTATION:
                raise Malformed("Mutations are sent by POST.", status=405, allow="POST") from None
            if takes_events(request):
                return self._stream(request, operation, context)
            raise Malformed(SOCKET) from None
        return answer(result, media)

    async def _read(self, request: Incoming, context: Context) -> Asked:
        most = self.most_bytes(context)
        try:
            return await asked(request, most=most)
        except Malformed as wrong:
            if wrong.status == TOO_LONG and most < self.services.config.most_body:
                raise Unauthenticated(f"Sign in first: without, a body has at most {most:,} bytes.") from None
            raise

    def _stream(self, request: Incoming, operation: Asked, context: Context) -> Answer:
        return Stream(
            200,
            headers=dict(HEADERS),
            schema=self.schema,
            operation=resumed(operation, request),
            context=context,
            seats=self._anonymous if context.credential is None else self._sockets,
            allowed={*_ALLOWED[request.method], OperationType.SUBSCRIPTION},
            ending=self.ending,
        )

    def most_bytes(self, context: Context) -> int:
        """Return how many bytes a body, or a message, may have."""
        most = self.services.config.most_body
        return most if context.signed_in is not None else min(most, MOST_ANONYMOUS)

    def _settle(self, line: Line, seat: Seat, context: Context) -> None:
        """Count a socket as that of whoever has signed in there, and take from it what they may send."""
        if context.credential is not None:
            seat.change(self._sockets, context.caller)
        if line.connection is not None:
            line.connection.welcome(self.most_bytes(context))


def address_of(scope: Scope) -> str:
    """Return whose a connection is, as far as its address tells."""
    return network_of(scope["client"][0]) if scope["client"] else ""
