"""The line of the log that each operation gets, and the id by which all lines of a request are found.

Neither variables nor credentials are in it, nor the document: its name is what a client's developer chose for logs.
"""

import logging
import random
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from graphql import GraphQLError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.types import ExecutionContext

from graph.errors import coded
from resolvers.context import Context
from services.core.instruments import OPERATIONS
from services.core.logs import fields, noting
from services.core.telemetry import is_heard

HEADER: Final = "x-request-id"

LONGEST_NAME: Final = 100
"""Characters of an operation's name that are logged."""

MOST_NAMES: Final = 200
"""Names of operations that are measured apart; all others are OTHER."""

OTHER: Final = "_OTHER"

MOST_OF_ONE: Final = 40
"""Of those that one user was the first to send."""

_NAMES: Final = dict[str, str]()
"""The names that are measured apart, with who was the first to send them."""

_OURS: Final = ("INTERNAL", "UNAVAILABLE")
"""Codes of errors that are no user's fault."""

_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._-]{8,128}")

log = logging.getLogger("snapinfra.access")


_RANDOM: Final = random.Random()  # noqa: S311 - ids to find lines by, and no secrets


def new_request_id() -> str:
    """Return 32 hexadecimal digits; to ask the system for them each time takes a twentieth of a small query."""
    return f"{_RANDOM.getrandbits(128):032x}"


def request_id_of(headers: Mapping[str, str]) -> str:
    """Return the id that a request came with, or a new one."""
    given = headers.get(HEADER, "")
    return given if _WELL_FORMED.fullmatch(given) else new_request_id()


class RequestIds:
    """Gives every request an id, or keeps the one that it came with, and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(Headers(scope=scope))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with noting(requestId=request_id, transport="http"):
            await self.app(scope, receive, answer)


def operation_attributes(about: ExecutionContext, kind: str | None) -> dict[str, str]:
    """Return what tells operations apart (https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/).

    Clients choose names, and each is a series: of those that only strangers send there are none, nor of those that
    their document does not have (`kind` is None then), nor of long ones, nor of those beyond the first MOST_NAMES of
    all, and MOST_OF_ONE of one user.
    """
    name, who = about.operation_name or "", about.context
    if kind is not None and len(name) <= LONGEST_NAME and isinstance(who, Context) and who.signed_in is not None:
        _learn(name, who.signed_in.user_id)
    shown = name if not name or name in _NAMES else OTHER
    return {"graphql.operation.type": kind or "", "graphql.operation.name": shown}


def _learn(name: str, user_id: str) -> None:
    if name not in _NAMES and len(_NAMES) < MOST_NAMES and list(_NAMES.values()).count(user_id) < MOST_OF_ONE:
        _NAMES[name] = user_id


def worst(codes: AbstractSet[str]) -> str:
    """Return which of an operation's errors it is counted by: one that is our fault, if there is any."""
    return min(codes, key=lambda code: (code not in _OURS, code))


class AccessLine:
    """The line of an operation, which is written when it has ended: a subscription, when nobody follows it any more."""

    __slots__ = ("_about", "_codes")

    def __init__(self, about: ExecutionContext) -> None:
        self._about = about
        self._codes = set[str]()

    def note(self, errors: Iterable[Exception] | None) -> list[GraphQLError]:
        """Take the codes of errors into the line, and return these as a client is told of them."""
        told = [coded(error) for error in errors or ()]
        self._codes |= {str((error.extensions or {}).get("code")) for error in told}
        return told

    def write(self, seconds: float) -> None:
        """Log the operation, which took so long."""
        about = self._about
        who: Any = about.context
        actor, credential = (who.signed_in, who.credential) if isinstance(who, Context) else (None, None)
        details = fields(
            operation=(about.operation_name or "")[:LONGEST_NAME] or None,
            type=self._type(),
            durationMs=round(seconds * 1000, 1),
            codes=sorted(self._codes) or None,
            actor=actor and actor.user_id,
            apiKey=credential and credential.key_id,
        )
        log.info("operation", extra=details)
        if is_heard():
            OPERATIONS.record(seconds, self._attributes())

    def _attributes(self) -> dict[str, str]:
        attributes = operation_attributes(self._about, self._type())
        return {**attributes, "error.type": worst(self._codes)} if self._codes else attributes

    def _type(self) -> str | None:
        try:
            return self._about.operation_type.value
        except RuntimeError:  # there is no such operation
            return None
