"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): requests read, answers written.

A request that is none gets the status that says why, and always a body in GraphQL's form.
"""

import math
from collections.abc import Mapping
from typing import Any, Final, cast

from graphql import GraphQLError
from starlette.requests import ClientDisconnect
from starlette.types import Message
from strawberry.types import ExecutionResult

from graph.codes import RequestCode
from graph.encoding import decoded, encoded
from graph.errors import coded
from graph.messages import Answer, Incoming
from graph.results import is_of_request, result_of
from services.core.errors import Limited, Problem, Unauthenticated, Unavailable
from services.core.frozen import frozen
from services.foundation.limits.throttle import Quota

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
EVENTS: Final = "text/event-stream"

_MEDIA: Final = {JSON: JSON, GRAPHQL: GRAPHQL, "application/*": JSON, "*/*": JSON}
"""What is answered to a range of media types."""

TOO_LONG: Final = 413
"""The status of a body that is longer than it may be."""

_DIGITS: Final = 15
"""Of a Content-Length that is worth reading."""

_STATUS: Final[dict[type[Problem], int]] = {Unauthenticated: 401, Limited: 429, Unavailable: 503}


SOCKET: Final = (
    "Subscriptions need a WebSocket at this path, with the subprotocol graphql-transport-ws,"
    " or a request that accepts text/event-stream."
)


class Malformed(Exception):
    """The request is not one of GraphQL over HTTP."""

    def __init__(self, message: str, *, status: int = 400, code: str = RequestCode.BAD_REQUEST, **headers: str) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class NotPersisted(Malformed):
    """The request has only the hash of a document: a client that hears this sends documents, and no hashes any more.

    The message and the code are Apollo's: https://www.apollographql.com/docs/apollo-server/performance/apq.
    """

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported", code=RequestCode.PERSISTED_QUERY_NOT_SUPPORTED)


class TooLong(Exception):
    """The body is longer than it may be; the rest of it was not read."""


class Coded(Exception):
    """The body is compressed, or otherwise not sent as it is."""


@frozen
class Asked:
    """The parameters of a request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None


def media_type(request: Incoming) -> str:
    """Choose the media type of the answer, also where there will be nothing but an error. Raises Malformed."""
    ranges = _ranges(request)
    accepted_types = [(quality, _MEDIA[name]) for name, quality in ranges if name in _MEDIA and quality > 0]
    if not accepted_types and takes_events(request):
        return JSON  # of what goes wrong before there are events
    if not accepted_types:
        raise Malformed(f"The answer can be {GRAPHQL} or {JSON}. {SOCKET}", status=406)
    return max(accepted_types, key=lambda choice: choice[0])[1]


def takes_events(request: Incoming) -> bool:
    """Tell whether a subscription's events may be the answer."""
    return any(name == EVENTS and quality > 0 for name, quality in _ranges(request))


def prefers_events(request: Incoming) -> bool:
    """Tell whether events are to be the answer to any operation: not where JSON would do as well."""
    ranges = _ranges(request)
    events = max((quality for name, quality in ranges if name == EVENTS), default=0.0)
    return events > max((quality for name, quality in ranges if name in (JSON, GRAPHQL)), default=0.0)


def _ranges(request: Incoming) -> list[tuple[str, float]]:
    return [_range(part) for part in (request.headers.get("accept") or "*/*").split(",")]


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


async def asked(request: Incoming, *, most: int) -> Asked:
    """Read a request whose body has at most so many bytes. Raises Malformed."""
    if request.method == "GET":
        given: dict[str, Any] = dict(request.parameters)
        for name in ("variables", "extensions"):
            given[name] = _json(given[name], name) if given.get(name) else None
    elif request.method == "POST":
        given = await _posted(request, most)
    else:
        raise Malformed(f"GraphQL is asked by GET or POST. {SOCKET}", status=405, allow="GET, POST")
    query, extensions = given.get("query"), _object(given, "extensions")
    if not query and is_persisted(extensions):
        raise NotPersisted
    if not isinstance(query, str) or not query:
        raise Malformed("The request has no `query`: it must be a string.")
    name = given.get("operationName")
    if not isinstance(name, str | None):
        raise Malformed("`operationName` must be a string or null.")
    return Asked(query, _object(given, "variables"), name, extensions)


def is_persisted(extensions: Mapping[str, Any] | None) -> bool:
    """Tell whether a request has the hash of a document."""
    return bool(extensions) and "persistedQuery" in extensions


async def _posted(request: Incoming, most: int) -> dict[str, Any]:
    kind, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    if kind != JSON or charsets not in ([], ["utf-8"]):
        raise Malformed(f"The body must be {JSON}, in UTF-8.", status=415, accept=JSON)
    try:
        body = await bounded(request, most=most)
    except Coded:
        message = "The body must be sent as it is, without Content-Encoding."
        raise Malformed(message, status=415, accept_encoding="identity") from None
    except TooLong:
        raise Malformed(f"The body has more than {most:,} bytes.", status=TOO_LONG) from None
    given = _json(body, "body")
    if isinstance(given, list):
        raise Malformed("Batches are not supported: send one operation.")
    if not isinstance(given, dict):
        raise Malformed("The body must be a JSON object.")
    return cast("dict[str, Any]", given)


async def bounded(request: Incoming, *, most: int) -> bytes:
    """Read the body.

    Raises Coded, TooLong as soon as it is known to be longer than `most` bytes, and ClientDisconnect.
    """
    if _codings(request, "content-encoding") - {"identity"} or _codings(request, "transfer-encoding") - {"chunked"}:
        raise Coded
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > _DIGITS or int(length) > most):
        raise TooLong
    body, message = bytearray(), await _part(request)
    while True:
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLong
        if not message.get("more_body"):
            return bytes(body)
        message = await _part(request)


async def _part(request: Incoming) -> Message:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message


def _codings(request: Incoming, header: str) -> set[str]:
    if header not in request.headers:
        return set()
    return {coding.strip().lower() for line in request.lines(header) for coding in line.split(",")} - {""}


def _json(text: str | bytes, name: str) -> object:
    try:
        return decoded(text)
    except ValueError:
        message = f"The {name} must be JSON, in UTF-8, not nested too deeply and not of too many parts."
        raise Malformed(message) from None


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = given.get(name)
    if not isinstance(value, dict | None):
        raise Malformed(f"`{name}` must be an object or null.")
    return cast("dict[str, Any] | None", value)


def answer(result: ExecutionResult, media: str) -> Answer:
    """Write what an operation came to. One that could not begin has no `data`, and where it may a status of its own."""
    errors = [coded(error) for error in result.errors or []]
    if result.data is None and is_of_request(errors):
        if media == JSON:  # whose status says nothing
            return refusal(errors, media, status=200)
        if any((error.extensions or {}).get("code") == "UNAUTHENTICATED" for error in errors):
            return refusal(errors, media, status=401, **{"www-authenticate": "Bearer"})
        return refusal(errors, media, status=400)
    return _response(result_of(result.data, errors), media)


def refusal(errors: list[GraphQLError], media: str, *, status: int, **headers: str) -> Answer:
    """Write why nothing was done."""
    return _response({"errors": [error.formatted for error in errors]}, media, status, headers)


def problem_refusal(problem: Problem, media: str) -> Answer:
    """Write why somebody was not let in."""
    headers: dict[str, str] = {}
    if isinstance(problem, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if isinstance(problem, Limited):
        headers["retry-after"] = str(max(1, math.ceil(problem.retry_after)))
    status = next((status for kind, status in _STATUS.items() if isinstance(problem, kind)), 400)
    return refusal([coded(problem)], media, status=status, **headers)


def with_quota(answered: Answer, quota: Quota | None) -> Answer:
    """Add what the caller may still send; nothing where there is no limit."""
    if quota is not None:
        answered.headers["ratelimit-limit"] = str(quota.limit)
        answered.headers["ratelimit-remaining"] = str(quota.remaining)
        answered.headers["ratelimit-reset"] = str(quota.reset)
    return answered


def _response(body: dict[str, Any], media: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Write an answer. It is for whoever asked, and kept by nobody."""
    kind = {"content-type": f"{media}; charset=utf-8", "cache-control": "no-store"}
    return Answer(status, encoded(body), {**kind, **(headers or {})})
