"""This file is the parameters of a chat completion, and what to leave out for a model that refuses some of them.

Models differ: reasoning models take no temperature, some know JSON but no JSON Schema, others neither, Groq has refused
`response_format` while streaming and `stream_options` altogether. No list of ours would stay true, so a model's own
refusal is what counts.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, cast

from services.llm.json_schema import json_schema_of
from services.llm.port import Options, Request

MOST_TOKENS: Final = 200_000
"""What an answer may have where nobody has set a limit."""

_OPTIONAL: Final = ("response_format", "temperature", "top_p", "reasoning_effort", "stream_options")
_SCHEMA: Final = "json_schema"
_LIMIT: Final = "max_completion_tokens"
_TOO_MUCH: Final = ("large", "at most", "maximum", "less than", "exceed")
_ANY_JSON: Final = {"type": "json_object"}
_REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(frozen=True, slots=True)
class Parameters:
    """`defaults` are for options that a request leaves open; `extra` is sent with every request."""

    defaults: Options
    extra: Mapping[str, Any]
    _refused: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set), init=False)

    def limit(self, request: Request) -> int:
        """Return the most tokens that the answer may have."""
        return request.options.max_tokens or self.defaults.max_tokens or MOST_TOKENS

    def of(self, request: Request, model: str) -> dict[str, Any]:
        asked, usual = request.options, self.defaults
        optional = {
            **self.extra,
            "temperature": usual.temperature if asked.temperature is None else asked.temperature,
            "top_p": usual.top_p if asked.top_p is None else asked.top_p,
            _LIMIT: usual.max_tokens if asked.max_tokens is None else asked.max_tokens,
            "response_format": self._format(request, model),
        }
        refused = self._refused[model]
        given = {name: value for name, value in optional.items() if value is not None and name not in refused}
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        return {"model": model, "messages": messages, "stream": True, **given}

    def _format(self, request: Request, model: str) -> dict[str, Any] | None:
        schema = json_schema_of(request.task)
        if schema is None or _SCHEMA in self._refused[model]:
            return None if schema is None else _ANY_JSON
        return {"type": _SCHEMA, _SCHEMA: {"name": "answer", "strict": True, "schema": schema}}

    def without_refused(
        self, params: Mapping[str, Any], model: str, *, status: int, body: object
    ) -> dict[str, Any] | None:
        """Return the parameters without those that an answer refuses, or None where it refuses something else.

        They are left out for this model from then on, but for a limit of tokens beyond the model's own: there a smaller
        one may be welcome. Where a JSON Schema is refused, JSON of any shape is asked for before none at all.
        """
        if status not in _REFUSALS:
            return None
        said = _said(body)
        refused = {name for name in _OPTIONAL if name in params and _names(said, name)}
        instead: dict[str, Any] = {}
        if "response_format" in refused and _SCHEMA in params["response_format"]:
            self._refused[model].add(_SCHEMA)
            refused.remove("response_format")
            instead["response_format"] = _ANY_JSON
        self._refused[model] |= refused
        if _LIMIT in params and "max" in said and "tokens" in said and any(word in said for word in _TOO_MUCH):
            refused.add(_LIMIT)
        kept = {name: value for name, value in params.items() if name not in refused}
        return {**kept, **instead} if refused or instead else None


def _names(said: str, parameter: str) -> bool:
    return parameter in said or (parameter == "response_format" and "json" in said)


def _said(body: object) -> str:
    """Return the words of an error's body that are the provider's own; the rest may quote the answer or the request."""
    if not isinstance(body, dict):
        return ""
    outer = cast("dict[str, object]", body)
    inner = outer.get("error", outer)
    error = cast("dict[str, object]", inner) if isinstance(inner, dict) else outer
    return " ".join(str(error.get(key, "")) for key in ("message", "param", "code")).lower()
