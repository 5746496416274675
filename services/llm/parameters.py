"""The parameters of a chat completion, and what to leave out for a model that refuses some of them.

Models and servers differ: reasoning models take no temperature, many know `max_tokens` only, some know JSON but no JSON
Schema, others neither, some accounts may not stream. No list of ours would stay true, so a refusal is what counts.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from services.core.frozen import frozen
from services.llm.error_bodies import ErrorBody
from services.llm.failures import judged
from services.llm.json_schema import json_schema_of
from services.llm.port import FailureCode, Message, Options, Request

MOST_TOKENS: Final = 200_000
"""What an answer may have where nobody has set a limit."""

_LIMITS: Final = ("max_completion_tokens", "max_tokens")
"""The limit of tokens by its name now, and by its older one."""
_FORMAT: Final = "response_format"
_SCHEMA: Final = "json_schema"
_ANY_JSON: Final = {"type": "json_object"}
_SYSTEM: Final = "messages[].role"
"""The role `system`, which is not a parameter, and yet refused by some."""
_NAMES: Final[Mapping[str, str]] = {
    **{name: rf"\b{name}\b" for name in ("temperature", "top_p", "reasoning_effort", "stream_options")},
    _FORMAT: r"\bresponse[_ ]format|\bjson[_ ](schema|object|mode)|structured[_ ]output|\bguided_|\bgrammar\b",
    _SYSTEM: r"\bsystem\W+(role|message|prompt|instruction)|\brole\b.*\bsystem\b|\bmessages\W+\d+\W+role"
    r"|\bdeveloper instruction",
}
"""What a sentence names each of them by; the limit and `stream`, an everyday word, have their own."""
_LIMIT: Final = r"\bmax_(completion_)?tokens\b"
_STREAM: Final = (
    r"['\"`]stream['\"`]|\bstreaming\b|\bto stream\b|(?m:^)\W*stream\s*(?:[:=]|(?m:$))"
    r"|\b(?:argument|field|key|option|parameter|property|value)s?(?: for| named| of| supplied)?\W+stream\b"
    r"|(?<!the )(?<!event )\bstream(?:=\w+)? (?:is )?(?:not\b|un\w+|must\b|cannot\b|parameter\b|option\b|mode\b)"
)
"""`stream` as a parameter, and not as what carries the answer."""
_TOO_MUCH: Final = ("large", "at most", "maximum", "less than", "exceed")
_ADVICE: Final = re.compile(
    r"\b(expected|instead|please use|use ['\"`]|did you mean|valid (?:fields|values|parameters)"
    r"|(?<!not )(?<!n't )allowed|supported (?:fields|values|parameters|formats)|only the)",
)
"""Where a sentence goes on with what would be right: no parameter named from there on is refused."""
_UNSUPPORTED: Final = re.compile(
    r"not (?:\w+ )?support|n't support|unsupported|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields)"
    r"|additional propert|extra_forbidden|not permitted|not allowed|cannot be (?:used|set|specified)|no such"
    r"|deprecated|not enabled|must be verified|cannot find field|not implemented"
)
"""What is said of a parameter that is refused whatever its value."""
_UNCLEAR: Final = frozenset({403, 500, 501})
"""Statuses of servers that refuse a parameter of some plan, or stumble over one."""
_ROOTS: Final = frozenset({"", "body", "request"})
"""Where a path to a parameter begins."""
_IN_MESSAGES: Final = re.compile(r"maximum context length is (\d{1,9}) .*?(\d{1,9}) in the messages")


@frozen
class Parameters:
    """`defaults` are for options that a request leaves open; `extra` is sent with every request."""

    defaults: Options
    extra: Mapping[str, Any]
    _refused: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set), init=False)
    """What each model does not support, for as long as the process lives."""

    def limit(self, request: Request) -> int:
        """Return the most tokens that the answer may have."""
        return request.options.max_tokens or self.defaults.max_tokens or MOST_TOKENS

    def of(self, request: Request, model: str) -> dict[str, Any]:
        """Return the parameters for a model, without those that it has refused."""
        asked, usual = request.options, self.defaults
        refused = self._refused[model]
        most = usual.max_tokens if asked.max_tokens is None else asked.max_tokens
        optional = {
            "stream": True,
            **self.extra,
            "temperature": usual.temperature if asked.temperature is None else asked.temperature,
            "top_p": usual.top_p if asked.top_p is None else asked.top_p,
            next((name for name in _LIMITS if name not in refused), _LIMITS[0]): most,
            _FORMAT: self._format(request, model),
        }
        given = {name: value for name, value in optional.items() if value is not None and name not in refused}
        messages = _messages(request.messages, has_system=_SYSTEM not in refused)
        return _consistent({"model": model, "messages": messages, **given})

    def _format(self, request: Request, model: str) -> dict[str, Any] | None:
        schema = json_schema_of(request.task)
        if schema is None or _SCHEMA in self._refused[model]:
            return None if schema is None else _ANY_JSON
        return {"type": _SCHEMA, _SCHEMA: {"name": "answer", "strict": True, "schema": schema}}

    def without_refused(self, params: Mapping[str, Any], model: str, error: ErrorBody) -> dict[str, Any] | None:
        """Return the parameters without those that an error refuses, or None where it refuses something else.

        What it says is not supported is left out for this model from then on. What it refuses for its value (a limit
        of tokens beyond the model's own) is left out this once. `max_tokens` is tried before no limit at all, and JSON
        of any shape before none.
        """
        is_unsupported = _UNSUPPORTED.search(" ".join((error.message, *error.words))) is not None
        if not _may_refuse(error, is_unsupported=is_unsupported):
            return None
        rest = dict(params)
        for name in _refused(params, error):
            left_out = _SCHEMA if name == _FORMAT and _SCHEMA in rest[name] else name
            if left_out == _SCHEMA:
                rest[_FORMAT] = _ANY_JSON
            elif name == _SYSTEM:
                rest["messages"] = _merged(rest["messages"])
            else:
                value = rest.pop(name)
                if name == _LIMITS[0] and is_unsupported:
                    rest[_LIMITS[1]] = value
            if is_unsupported:
                self._refused[model].add(left_out)
        return None if rest == dict(params) else _consistent(rest)


def _may_refuse(error: ErrorBody, *, is_unsupported: bool) -> bool:
    """Return whether an error may be about a parameter: the request is refused, or the server stumbles over it."""
    kind = judged(error)
    if kind.code is FailureCode.REQUEST_TOO_LARGE:
        return _is_limits_fault(error)
    if kind.code in {FailureCode.UNAUTHORIZED, FailureCode.UNAVAILABLE}:  # where nothing but the status says so
        return is_unsupported and error.status in _UNCLEAR and not kind.words & error.words
    return kind.code is FailureCode.BAD_REQUEST


def _is_limits_fault(error: ErrorBody) -> bool:
    """Return whether a request is too large only because so long an answer is allowed."""
    match = _IN_MESSAGES.search(error.message)
    if match is not None:
        return int(match[2]) < int(match[1])
    return re.search(_LIMIT, error.message) is not None and _is_too_much(error)


def _refused(params: Mapping[str, Any], error: ErrorBody) -> Sequence[str]:
    """Return the names of the given parameters that an error refuses: by a field for that, else in its sentences."""
    said = _ADVICE.split(error.message)[0]
    fields = {next((word for word in re.split(r"\W+", name) if word not in _ROOTS), "") for name in error.parameters}
    refused = [name for name in (*_NAMES, "stream") if name in fields and _has(params, name)]
    limit = next((name for name in _LIMITS if name in params), None)
    is_limit = bool(fields & {*_LIMITS}) or (not refused and re.search(_LIMIT, said) is not None)
    if limit is not None and (is_limit or _is_too_much(error)):
        return [*refused, limit]
    if not refused:
        refused = [name for name, pattern in _NAMES.items() if _has(params, name) and re.search(pattern, said)]
    return refused or (["stream"] if _has(params, "stream") and re.search(_STREAM, said) else [])


def _is_too_much(error: ErrorBody) -> bool:
    is_limit = "max" in error.message and "tokens" in error.message
    return is_limit and any(word in error.message for word in _TOO_MUCH)


def _has(params: Mapping[str, Any], name: str) -> bool:
    if name == _SYSTEM:
        return params["messages"][0]["role"] == "system"
    return name in params


def _messages(messages: Sequence[Message], *, has_system: bool) -> list[dict[str, str]]:
    written = [{"role": message.role, "content": message.content} for message in messages]
    return written if has_system else _merged(written)


def _merged(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the messages with what the system's says at the head of the first question."""
    first, *others = map(dict[str, str], messages)
    if first["role"] != "system" or not others:
        return [first, *others]
    head = {"role": "user", "content": f"{first['content']}\n\n{others[0]['content']}"}
    return [head, *others[1:]]


def _consistent(params: dict[str, Any]) -> dict[str, Any]:
    """Return parameters without those that only another one gives a meaning."""
    if "stream" not in params:
        params.pop("stream_options", None)
    return params
