"""What a provider says went wrong, read from whichever shape its error has.

The shapes are those of OpenAI and its SDKs (`{"error": {message, type, param, code}}`), FastAPI and what is built on it
(`{"detail": [{loc, msg, type}]}`, `{"detail": "…"}`), vLLM (`{"object": "error", message, code}`), Mistral (`message`
holds a `detail`), Google (`[{"error": {code, status, details: [{fieldViolations: [{field}]}]}}]`), Anthropic, LiteLLM
(codes as strings, `"None"` for nothing), Ollama and llama.cpp (`{"error": "…"}`), Fastify
(`{statusCode, message, params: {additionalProperty}}`), joi (`path`), zod (`issues: [{keys}]`), RFC 9457 and JSON:API
(`pointer`), and plain text. Names of fields count whether they are in camelCase, snake_case or kebab-case.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TypeGuard, cast

from services.core.frozen import frozen

_STATUSES: Final = range(400, 600)
_MOST_TEXT: Final = 10_000
"""Characters of sentences that are looked at."""
_MOST: Final = 200
"""Objects and lists that are looked at, fields or items of each, and what they are made of."""

_SENTENCES: Final = frozenset({"message", "msg", "detail", "error", "description", "errordescription", "title", "err"})
_WORDS: Final = frozenset(
    {"code", "type", "status", "reason", "statuscode", "errorcode", "errortype", "httpstatus", "httpcode"}
    | {"httpstatuscode"}
)
_PARAMETERS: Final = frozenset(
    {"param", "parameter", "loc", "field", "path", "keys", "property", "additionalproperty", "argument", "pointer"}
    | {"instancepath", "datapath", "name"}
)
_HOLDERS: Final = frozenset(
    {"error", "errors", "detail", "details", "message", "innererror", "fieldviolations", "err", "params", "source"}
    | {"invalidparams", "violations", "issues"}
)
"""Fields that hold more of the error. Others may quote the request, which is not the provider's word."""
_NOTHING: Final = frozenset({"", "none", "null"})


@frozen
class ErrorBody:
    """An error in the provider's words: for us to look at, never to show."""

    status: int | None = None
    """The HTTP status; inside of a stream, the one that the error names."""
    words: frozenset[str] = frozenset()
    """Its codes and types, in lower case: `rate_limit_exceeded`, `invalid_request_error`, …"""
    message: str = ""
    """Its sentences, in lower case, each on a line."""
    parameters: tuple[str, ...] = ()
    """The parameters that it names in a field for that, such as `temperature` or `response_format.type`."""
    is_http: bool = False
    """Whether it is the status of an HTTP answer, rather than within one that began well."""
    retry_after: float | None = None
    """Seconds, where the HTTP answer says."""


def read_error(body: object, *, status: int | None = None, retry_after: float | None = None) -> ErrorBody:
    """Read an error. `status` and `retry_after` are those of an HTTP answer that is no success."""
    parts = list(islice(_parts(body), _MOST))
    named = next((number for kind, text in parts if kind == "word" and (number := _status(text)) is not None), None)
    return ErrorBody(
        status=named if status is None else status,
        words=frozenset(text.lower() for kind, text in parts if kind == "word" and not text.isdigit()),
        message="\n".join(text for kind, text in parts if kind == "sentence")[:_MOST_TEXT].lower(),
        parameters=tuple(dict.fromkeys(text for kind, text in parts if kind == "parameter")),
        is_http=status is not None,
        retry_after=retry_after,
    )


def _parts(body: object) -> Iterator[tuple[str, str]]:
    """Yield what an error is made of, each with its kind, outer parts first."""
    waiting = deque([body])
    for _ in range(_MOST):
        if not waiting:
            return
        holder = waiting.popleft()
        if isinstance(holder, str):
            yield "sentence", holder[:_MOST_TEXT]
        elif isinstance(holder, Mapping):
            for name, value in islice(cast("Mapping[str, object]", holder).items(), _MOST):
                plain = name.lower().replace("_", "").replace("-", "")
                yield from _simple(plain, value)
                if plain in _HOLDERS and not isinstance(value, str):
                    waiting.append(value)
        elif _is_list(holder):
            waiting.extend(holder[:_MOST])


def _simple(name: str, value: object) -> Iterator[tuple[str, str]]:
    if name in _PARAMETERS:
        yield from (("parameter", each) for each in _names(value))
    elif name in _WORDS and (word := _word(value)).lower() not in _NOTHING:
        yield "word", word
    elif name in _SENTENCES and isinstance(value, str):
        yield "sentence", value[:_MOST_TEXT]


def _word(value: object) -> str:
    """Return a code, which may be a number: 429, "429" or 429.0."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:_MOST_TEXT].removesuffix(".0")


def _names(value: object) -> Iterator[str]:
    """Yield the names in a `param`, or in FastAPI's `loc`: `["body", "max_completion_tokens"]`."""
    for each in value[:_MOST] if _is_list(value) else [value]:
        if isinstance(each, str) and each.lower() not in _NOTHING:
            yield each[:_MOST_TEXT]


def _status(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) == 3 and int(word) in _STATUSES else None  # noqa: PLR2004 - digits of a status


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)
