"""A socket: every message is answered as the protocol wants, and access that ends also ends the socket.

It is closed with the code 4403, and a reason to read, when whoever signed it in may do less. Clients connect again then
(graphql-ws does by itself), resume after their cursors what they still may see, and are told NOT_FOUND of the rest. So
no subscription needs to know of any of this.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    PingMessage,
    SubscribeMessage,
)
from strawberry.types.execution import PreExecutionError

from graph.access_log import new_request_id
from graph.encoding import encoded
from graph.errors import coded
from graph.frames import fault, is_hash_alone
from graph.http import NotPersisted
from graph.socket_connections import GuardedSocket
from resolvers.context import Context
from services.core.errors import Limited, Unauthenticated
from services.core.logs import fields, noting
from services.sign_in import Credential

FIRST_LOOK: Final = 3.0
"""Seconds after which a new socket's rights are looked at again: they may have changed while it signed in."""

NEXT_LOOK: Final = 300.0
"""Seconds between looks without any news, which may be lost with the process that had them."""

MOST_OPERATIONS: Final = 100
"""At once on one socket."""

REASON: Final = 123
"""Bytes of a close frame's reason (RFC 6455, 5.5)."""

log = logging.getLogger("snapinfra.access")


class Adapter(ASGIWebSocketAdapter):
    """Sends and closes where there is still somebody."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        connection = getattr(self.ws.state, "connection", None)
        if isinstance(connection, GuardedSocket):
            if not await connection.send_text(encoded(message)):
                raise WebSocketDisconnected
            return
        try:  # as for another server
            await super().send_json(message)
        except RuntimeError as ended:  # we have closed it
            raise WebSocketDisconnected from ended

    async def close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await super().close(code, _fitting(reason))


class WatchedSocket(BaseGraphQLTransportWSHandler[Context, None]):
    """A socket that is closed where its credential ends or its actor's rights shrink."""

    watch: "asyncio.Task[None] | None" = None
    asked: int = 0
    """How many operations there were."""

    async def handle_message(self, message: Message) -> None:
        await self.context.begin()  # whatever else has come: messages that wait would be handled without a pause
        wrong = fault(message)
        if wrong is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(wrong)

    async def handle_ping(self, message: PingMessage) -> None:
        payload = message.get("payload")
        await self.send_message({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation. One too many gets an error of its own; the socket and what else is on it stay."""
        self.asked += 1
        if self.connection_acknowledged and is_hash_alone({**message["payload"]}):
            error = GraphQLError(NotPersisted().message, extensions={"code": NotPersisted().code})
            await self.send_message({"type": "error", "id": message["id"], "payload": [error.formatted]})
            return
        try:
            if self.connection_acknowledged and message["id"] not in self.operations:
                self._take()
        except Limited as limited:
            with noting(requestId=new_request_id(), transport="websocket"):
                log.info("operation refused", extra=fields(codes=["RATE_LIMITED"]))
            await self.send_message({"type": "error", "id": message["id"], "payload": [coded(limited).formatted]})
        else:
            await super().handle_subscribe(message)

    def _take(self) -> None:
        if len(self.operations) >= MOST_OPERATIONS:
            message = f"This socket has {MOST_OPERATIONS} operations already: end one, or open another socket."
            raise Limited(message, retry_after=1)
        self.context.services.throttle.take(self.context.caller)

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        await self.context.begin()
        with noting(requestId=new_request_id(), transport="websocket"):
            await super().run_operation(operation)

    async def send_message(self, message: Message) -> None:
        """Send a message. The result of an operation that did not begin has no `data`, as GraphQL specifies."""
        if message["type"] == "next":
            payload: dict[str, Any] = {**message["payload"]}
            if payload["data"] is None and not any("path" in error for error in payload.get("errors", ())):
                del payload["data"]
            await self.websocket.send_json({**message, "payload": payload})
        else:
            await super().send_message(message)

    async def _handle_pre_execution_error(self, operation: Operation[Context, None], result: PreExecutionError) -> None:
        """Send why an operation does not begin; that one must sign in as a result, as where a field says so."""
        if any((error.extensions or {}).get("code") == "UNAUTHENTICATED" for error in result.errors or ()):
            await operation.send_next(result)
        else:
            await super()._handle_pre_execution_error(operation, result)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """Close for no operation that can't begin: it gets an error, and others on the socket go on."""
        del error

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        message["payload"] = message.get("payload") or {}
        try:
            await super().handle_connection_init(message)
        except WebSocketDisconnected:
            raise
        except Limited as limited:
            await self.websocket.close(code=1013, reason=limited.message)
        except Exception:
            log.exception("a socket could not be signed in")
            await self.websocket.close(code=1013, reason="Try again later")
        if self.connection_acknowledged and self.watch is None:
            credential = self.context.credential
            self.watch = asyncio.create_task(self._idle() if credential is None else self._watch(credential))

    async def _idle(self) -> None:
        """End a socket on which nobody has signed in, and nobody asks for anything."""
        pause = self.context.services.config.idle_seconds
        while True:
            asked = self.asked
            await asyncio.sleep(pause)
            if self.asked == asked and not self.operations:
                await self.websocket.close(code=1000, reason="Nobody asked for anything")
                return

    async def shutdown(self) -> None:
        if self.watch is not None:
            self.watch.cancel()
        await super().shutdown()

    async def _watch(self, credential: Credential) -> None:
        pause = FIRST_LOOK
        while True:
            try:
                credential = await self._next(credential, pause)
            except Unauthenticated as ended:
                await self._end(ended.message)
                return
            except Exception:
                log.exception("a socket's rights could not be looked at; trying again")
                pause = FIRST_LOOK
            else:
                self.context.credential, self.context.signed_in = credential, credential.actor
                pause = NEXT_LOOK

    async def _next(self, credential: Credential, pause: float) -> Credential:
        """Wait for news, for the credential's own end or for the pause to pass; return the credential as it is then."""
        access, sign_in = self.context.services.access, self.context.services.sign_in
        if credential.holds_until is not None:
            pause = min(pause, max(0.0, (credential.holds_until - sign_in.now()).total_seconds()))
        with access.watching(credential.names) as news:
            try:
                async with asyncio.timeout(pause):
                    change = await news.get()
            except TimeoutError:
                credential = await sign_in.again(credential)
            else:
                credential = await sign_in.after(change, credential)
            while not news.empty():
                credential = await sign_in.after(news.get_nowait(), credential)
            return credential

    async def _end(self, reason: str) -> None:
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(code=4403, reason=reason)


def _fitting(reason: str) -> str:
    return reason.encode()[:REASON].decode(errors="ignore")
