"""What a provider says went wrong, read from whichever shape its error has.

The shapes are those of OpenAI and its SDKs (`{"error": {message, type, param, code}}`), FastAPI and what is built on it
(`{"detail": [{loc, msg, type}]}`, `{"detail": "…"}`), vLLM (`{"object": "error", message, code}`), Mistral (`message`
holds a `detail`), Google (`[{"error": {code, status, details: [{fieldViolations: [{field}]}]}}]`), Anthropic, LiteLLM
(codes as strings, `"None"` for nothing), Ollama and llama.cpp (`{"error": "…"}`), and plain text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard, cast

_STATUSES: Final = range(400, 600)
_MOST_TEXT: Final = 10_000
"""Characters of sentences that are looked at."""
_MOST_PARTS: Final = 200
_DEEPEST: Final = 6

_SENTENCES: Final = frozenset({"message", "msg", "detail", "error", "description", "error_description", "title"})
_WORDS: Final = frozenset({"code", "type", "status", "status_code", "error_code", "reason"})
_PARAMETERS: Final = frozenset({"param", "loc", "field"})
_HOLDERS: Final = frozenset({"error", "errors", "detail", "details", "message", "innererror", "fieldViolations", "err"})
"""Fields that hold more of the error. Others may quote the request, which is not the provider's word."""
_NOTHING: Final = frozenset({"", "none", "null"})


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error in the provider's words: for us to look at, never to show."""

    status: int | None = None
    """The HTTP status; inside of a stream, the one that the error names."""
    words: frozenset[str] = frozenset()
    """Its codes and types, in lower case: `rate_limit_exceeded`, `invalid_request_error`, …"""
    message: str = ""
    """Its sentences, in lower case."""
    parameters: tuple[str, ...] = ()
    """The parameters that it names in a field for that, such as `temperature` or `response_format.type`."""
    is_http: bool = False
    """Whether it is the status of an HTTP answer, rather than within one that began well."""
    retry_after: float | None = None
    """Seconds, where the HTTP answer says."""


def read_error(body: object, *, status: int | None = None, retry_after: float | None = None) -> ErrorBody:
    """Read an error. `status` and `retry_after` are those of an HTTP answer that is no success."""
    parts = [part for _, part in zip(range(_MOST_PARTS), _parts(body, _DEEPEST), strict=False)]
    named = next((number for kind, text in parts if kind == "word" and (number := _status(text)) is not None), None)
    return ErrorBody(
        status=named if status is None else status,
        words=frozenset(text.lower() for kind, text in parts if kind == "word" and not text.isdigit()),
        message=" ".join(text for kind, text in parts if kind == "sentence")[:_MOST_TEXT].lower(),
        parameters=tuple(dict.fromkeys(text for kind, text in parts if kind == "parameter")),
        is_http=status is not None,
        retry_after=retry_after,
    )


def _parts(body: object, depth: int) -> Iterator[tuple[str, str]]:
    """Yield what an error is made of, each with its kind, outer parts first."""
    if isinstance(body, str):
        yield "sentence", body[:_MOST_TEXT]
    elif isinstance(body, Mapping):
        fields = cast("Mapping[str, object]", body)
        for name, value in fields.items():
            yield from _simple(name, value)
        for name, value in fields.items() if depth else ():
            if name in _HOLDERS and not isinstance(value, str):
                yield from _parts(value, depth - 1)
    elif _is_list(body) and depth:
        for part in body:
            yield from _parts(part, depth - 1)


def _simple(name: str, value: object) -> Iterator[tuple[str, str]]:
    if name in _PARAMETERS:
        yield from (("parameter", each) for each in _names(value))
    elif name in _WORDS and isinstance(value, str | int) and not isinstance(value, bool):
        if str(value).lower() not in _NOTHING:
            yield "word", str(value)[:_MOST_TEXT]
    elif name in _SENTENCES and isinstance(value, str):
        yield "sentence", value[:_MOST_TEXT]


def _names(value: object) -> Iterator[str]:
    """Yield the names in a `param`, or in FastAPI's `loc`: `["body", "max_completion_tokens"]`."""
    for each in value if _is_list(value) else [value]:
        if isinstance(each, str) and each.lower() not in _NOTHING:
            yield each[:_MOST_TEXT]


def _status(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) == 3 and int(word) in _STATUSES else None  # noqa: PLR2004 - digits of a status


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)
