"""GraphQL over Server-Sent Events: an operation on a request of its own, its results as events.

The protocol, of which this is the distinct connections mode: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.
A stream ends as a socket does when whoever asked may do less, and when the server goes: without `complete`, so that
clients ask again after the last event's id.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from starlette.types import Receive, Scope, Send
from strawberry.types.graphql import OperationType

from graph.access_log import HEADER
from graph.bounded import BoundedSchema
from graph.encoding import encoded
from graph.http import EVENTS, JSON, Asked, problem_refusal
from graph.messages import Answer, Incoming
from graph.rights import until_less
from graph.seats import Seat, Seats
from resolvers.context import Context
from services.core.errors import Limited
from services.core.logs import noting

KEEP_ALIVE: Final = 12.0
"""Seconds between two lines that say nothing: proxies end what is silent."""

HEADERS: Final = {"content-type": f"{EVENTS}; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no"}

log = logging.getLogger("snapinfra.access")


def resumed(operation: Asked, request: Incoming) -> Asked:
    """Return an operation that goes on after the event that a client saw last, unless it says itself after which."""
    last, variables = request.headers.get("last-event-id"), operation.variables or {}
    if not last or variables.get("after") is not None:
        return operation
    return replace(operation, variables={**variables, "after": last})


@dataclass(slots=True, kw_only=True)
class Stream(Answer):
    """An answer that goes on until its operation ends, the client or the server goes, or rights shrink."""

    schema: BoundedSchema
    operation: Asked
    context: Context
    seats: Seats
    allowed: Iterable[OperationType]
    ending: asyncio.Event
    """Set when the server goes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            seat = Seat(self.seats, self.context.caller).__enter__()
        except Limited as limited:
            refused = problem_refusal(limited, JSON)
            refused.headers = {**self.headers, **refused.headers}
            await refused(scope, receive, send)
            return
        try:
            with noting(requestId=self.headers.get(HEADER, ""), transport="sse"):
                await self._serve(receive, send)
        finally:
            seat.__exit__()

    async def _serve(self, receive: Receive, send: Send) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        events = _Events(send)
        await events.say(b":\n\n")
        works: list[Coroutine[Any, Any, object]] = [
            self._tell(events),
            _gone(receive),
            _keep(events),
            self.ending.wait(),
        ]
        if self.context.credential is not None:
            works.append(until_less(self.context, self.context.credential))
        await _first(works)
        await send({"type": "http.response.body", "body": b""})

    async def _tell(self, events: "_Events") -> None:
        asked = self.operation
        errors = await self.schema.respond(
            events,
            asked.query,
            asked.variables,
            self.context,
            operation_name=asked.operation_name,
            operation_extensions=asked.extensions,
            allowed_operation_types=self.allowed,
        )
        if errors:
            await events.hear(encoded({"errors": [error.formatted for error in errors]}))
        await events.say(b"event: complete\ndata:\n\n")


class _Events:
    """Hears the results of an operation, and sends them as events."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    async def hear(self, result: bytes) -> bool:
        cursor = _cursor(result)
        head = b"" if cursor is None else b"id: %b\n" % cursor.encode()
        await self.say(b"%bevent: next\ndata: %b\n\n" % (head, result))
        return True

    def hear_now(self, results: Sequence[bytes]) -> bool:
        """Take none: ASGI always may have to wait."""
        del results
        return False

    async def say(self, text: bytes) -> None:
        await self._send({"type": "http.response.body", "body": text, "more_body": True})


def _cursor(result: bytes) -> str | None:
    """Return the cursor of a stream's event, where the client has asked for it."""
    if b'"cursor"' not in result:
        return None
    data: dict[str, Any] = json.loads(result).get("data") or {}
    for event in data.values():
        cursor: Any = cast("dict[str, Any]", event).get("cursor") if isinstance(event, dict) else None
        if isinstance(cursor, str) and cursor.isascii() and cursor.isprintable():
            return cursor
    return None


async def _first(works: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Do all of these until one of them ends."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            if (failure := task.exception()) is not None:
                log.error("a stream of events failed", exc_info=failure)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _keep(events: _Events) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE)
        await events.say(b":\n\n")
