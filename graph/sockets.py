"""A socket: the protocol graphql-transport-ws, and the operations of one client.

The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Strawberry's handler is the oracle in
tests/graph/test_sockets_protocol.py; where that one ends a socket for one bad operation, this one goes on.

A socket is closed with the code 4403, and a reason to read, when whoever signed it in may do less. Clients connect
again then (graphql-ws does by itself), resume after their cursors what they still may see, and are told NOT_FOUND of
the rest. So no subscription needs to know of any of this.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from graphql import GraphQLError

from graph.access_log import new_request_id
from graph.bounded import BoundedSchema
from graph.encoding import decoded, encoded
from graph.errors import coded
from graph.frames import fault, is_hash_alone
from graph.http import NotPersisted
from graph.lines import Line
from graph.results import result_of
from graph.rights import until_less
from graph.turns import Turnstile
from resolvers.context import Context
from services.core.errors import Limited, Problem
from services.core.logs import fields, noting
from services.sign_in import Credential

PROTOCOL: Final = "graphql-transport-ws"

MOST_OPERATIONS: Final = 100
"""At once on one socket."""

log = logging.getLogger("snapinfra.access")


@dataclass(eq=False, slots=True)
class Socket:
    """A socket that has been accepted, to its end."""

    line: Line
    schema: BoundedSchema
    context: Context
    turnstile: Turnstile
    headers: Mapping[str, str]
    """Of the request that opened it, which may hold credentials."""
    settle: Callable[[Context], None]
    """Told once it is known who is there. Raises Limited where they have too many sockets."""
    _operations: dict[str, "asyncio.Task[None]"] = field(default_factory=dict[str, "asyncio.Task[None]"])
    _asked: int = 0
    """How many operations there were."""
    _is_greeted: bool = False
    _is_acknowledged: bool = False
    _watch: "asyncio.Task[None] | None" = None

    async def serve(self) -> None:
        """Answer each message as the protocol wants, until somebody ends the socket."""
        self._watch = asyncio.create_task(self._expect_greeting())
        try:
            while (message := await self.line.message()) is not None:
                await self._hear(message)
        finally:
            self._watch.cancel()
            tasks = [*self._operations.values()]
            self._drop_operations()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, text: str | bytes) -> None:
        if isinstance(text, bytes):
            await self.line.close(4400, "WebSocket message type must be text")
            return
        try:
            message = decoded(text)
        except ValueError:
            await self.line.close(4400, "WebSocket message must be valid JSON")
            return
        await self._turn()  # messages that wait would else be handled without a pause, whatever else has come
        wrong = fault(message)
        if wrong is None:
            await self._handle(cast("dict[str, Any]", message))
        else:
            await self.line.close(4400, wrong)

    async def _turn(self) -> None:
        await self.turnstile.enter(self.context.caller)

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._greet(message.get("payload") or {})
            case "ping":
                payload = message.get("payload")
                await self._say({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
            case "subscribe":
                await self._subscribe(message["id"], message["payload"])
            case "complete" if (task := self._operations.pop(message["id"], None)) is not None:
                task.cancel()
            case _:
                pass

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self.line.say(encoded(message))

    async def _expect_greeting(self) -> None:
        await asyncio.sleep(self.context.services.config.init_seconds)
        await self.line.close(4408, "Connection initialisation timeout")

    async def _greet(self, payload: Mapping[str, Any]) -> None:
        """Sign the socket in with its connection_init; credentials that fail close it with 4403."""
        if self._is_greeted:
            await self.line.close(4429, "Too many initialisation requests")
            return
        self._is_greeted = True
        if self._watch is not None:
            self._watch.cancel()
        try:
            if not await self._sign_in(payload):
                return
        except Limited as limited:
            await self.line.close(1013, limited.message)
            return
        except Exception:
            log.exception("a socket could not be signed in")
            await self.line.close(1013, "Try again later")
            return
        await self._say({"type": "connection_ack"})
        self._is_acknowledged = True
        credential = self.context.credential
        self._watch = asyncio.create_task(self._idle() if credential is None else self._look(credential))

    async def _sign_in(self, payload: Mapping[str, Any]) -> bool:
        context = self.context
        try:
            given = {**self.headers, **_credentials(payload)}
            context.credential = await context.services.sign_in.credential(given)
        except Problem:
            context.services.throttle.take(context.address)
            await self.line.close(4403, "Forbidden")
            return False
        context.signed_in = None if context.credential is None else context.credential.actor
        self.settle(context)
        return True

    async def _subscribe(self, identity: str, payload: dict[str, Any]) -> None:
        """Begin an operation. One too many gets an error of its own; the socket and what else is on it stay."""
        self._asked += 1
        if not self._is_acknowledged:
            await self.line.close(4401, "Unauthorized")
            return
        if is_hash_alone(payload):
            error = GraphQLError(NotPersisted().message, extensions={"code": NotPersisted().code})
            await self._refuse(identity, [error])
            return
        if identity in self._operations:
            await self.line.close(4409, f"Subscriber for {identity} already exists")
            return
        try:
            self._take()
        except Limited as limited:
            with noting(requestId=new_request_id(), transport="websocket"):
                log.info("operation refused", extra=fields(codes=["RATE_LIMITED"]))
            await self._refuse(identity, [coded(limited)])
            return
        self._operations[identity] = asyncio.create_task(self._run(identity, payload))

    def _take(self) -> None:
        if len(self._operations) >= MOST_OPERATIONS:
            message = f"This socket has {MOST_OPERATIONS} operations already: end one, or open another socket."
            raise Limited(message, retry_after=1)
        self.context.services.throttle.take(self.context.caller)

    async def _refuse(self, identity: str, errors: list[GraphQLError]) -> None:
        await self._say({"id": identity, "type": "error", "payload": [error.formatted for error in errors]})

    async def _run(self, identity: str, payload: dict[str, Any]) -> None:
        """Run an operation to its end. That its id is free again is known before the end is said."""
        hearer = _Hearer(self.line, identity)
        await self._turn()
        with noting(requestId=new_request_id(), transport="websocket"):
            try:
                errors = await self.schema.respond(
                    hearer,
                    payload.get("query"),
                    payload.get("variables"),
                    self.context,
                    operation_name=payload.get("operationName"),
                    operation_extensions=payload.get("extensions"),
                )
            except Exception:
                log.exception("an operation on a socket failed")
                errors = []
        if errors and any((error.extensions or {}).get("code") == "UNAUTHENTICATED" for error in errors):
            await hearer.hear(encoded(result_of(None, errors)))  # as where a field says so
            errors = []
        del self._operations[identity]
        if errors:
            await self._refuse(identity, errors)
        else:
            await self._say({"id": identity, "type": "complete"})

    async def _idle(self) -> None:
        """End a socket on which nobody has signed in, and nobody asks for anything."""
        pause = self.context.services.config.idle_seconds
        while True:
            asked = self._asked
            await asyncio.sleep(pause)
            if self._asked == asked and not self._operations:
                await self.line.close(1000, "Nobody asked for anything")
                return

    async def _look(self, credential: Credential) -> None:
        """End a socket whose credential ends or whose actor's rights shrink."""
        why = await until_less(self.context, credential)
        self._drop_operations()
        await self.line.close(4403, why)

    def _drop_operations(self) -> None:
        for task in self._operations.values():
            task.cancel()
        self._operations.clear()


class _Hearer:
    """Hears the results of an operation on a socket."""

    __slots__ = ("_head", "_line")

    def __init__(self, line: Line, identity: str) -> None:
        self._line = line
        self._head = b'{"id":%b,"type":"next","payload":' % encoded(identity)

    async def hear(self, result: bytes) -> bool:
        return await self._line.say(b"%b%b}" % (self._head, result))

    def hear_now(self, results: Sequence[bytes]) -> bool:
        return self._line.say_now(self._head, results, b"}")


def _credentials(params: Mapping[str, Any]) -> dict[str, str]:
    """Read the credentials of a connection_init: at its top or below `headers`, in whatever case."""
    nested: Any = params.get("headers")
    headers: dict[str, Any] = {**params, **(nested if isinstance(nested, dict) else {})}
    return {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
