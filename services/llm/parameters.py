"""This file is the parameters of a chat completion, and what to leave out for a model that refuses some of them.

Models differ: reasoning models take no temperature, some have no JSON mode, Groq has refused `response_format` while
streaming and `stream_options` altogether. No list of ours would stay true, so a model's own refusal is what counts.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, cast

from services.llm.port import JSON_TASKS, Options, Request

_OPTIONAL: Final = ("response_format", "temperature", "top_p", "reasoning_effort", "stream_options")
_LIMIT: Final = "max_completion_tokens"
_TOO_MUCH: Final = ("large", "at most", "maximum", "less than", "exceed")
_REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(frozen=True, slots=True)
class Parameters:
    """`defaults` are for options that a request leaves open; `extra` is sent with every request."""

    defaults: Options
    extra: Mapping[str, Any]
    _refused: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set), init=False)

    def of(self, request: Request, model: str) -> dict[str, Any]:
        asked, usual = request.options, self.defaults
        optional = {
            **self.extra,
            "temperature": usual.temperature if asked.temperature is None else asked.temperature,
            "top_p": usual.top_p if asked.top_p is None else asked.top_p,
            _LIMIT: usual.max_tokens if asked.max_tokens is None else asked.max_tokens,
            "response_format": {"type": "json_object"} if isinstance(request.task, JSON_TASKS) else None,
        }
        refused = self._refused[model]
        given = {name: value for name, value in optional.items() if value is not None and name not in refused}
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        return {"model": model, "messages": messages, "stream": True, **given}

    def without_refused(
        self, params: Mapping[str, Any], model: str, *, status: int, body: object
    ) -> dict[str, Any] | None:
        """Return the parameters without those that an answer refuses, or None where it refuses something else.

        They are left out for this model from then on, but for a limit of tokens beyond the model's own: there a smaller
        one may be welcome.
        """
        if status not in _REFUSALS:
            return None
        said = _said(body)
        refused = {name for name in _OPTIONAL if name in params and _names(said, name)}
        self._refused[model] |= refused
        if _LIMIT in params and "max" in said and "tokens" in said and any(word in said for word in _TOO_MUCH):
            refused.add(_LIMIT)
        return {name: value for name, value in params.items() if name not in refused} if refused else None


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
