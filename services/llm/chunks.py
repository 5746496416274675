"""A chunk of a chat completion, as the servers that speak like OpenAI really write it.

Only what an answer is made of must have its type: text, `finish_reason` and where they stand. Whatever else a chunk
holds may be of any type or absent.

Sources: https://platform.openai.com/docs/api-reference/chat-streaming, the types of the groq SDK (`x_groq`),
https://docs.mistral.ai (content in parts), https://openrouter.ai/docs (errors in a choice, `reasoning`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import msgspec

from services.llm.error_bodies import ErrorBody, read_error
from services.llm.event_stream import Event
from services.llm.port import FinishReason, Usage

MOST_TOKENS: Final = 10_000_000
"""What no answer can use: the longest context of any model yet."""

_ENDS: Final = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "safety": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.CONTENT_FILTER,
}
"""The reasons whose meaning is known, of OpenAI, Together, Hugging Face, Anthropic and Mistral. Any other, such as
`tool_calls` or `insufficient_system_resource`, ends an answer that nobody can call whole."""
_CALL: Final = "tool_calls"
_THOUGHTS: Final = ("reasoning_content", "reasoning")
_TEXTS: Final = (None, "text", "output_text")
"""Types of the parts of a content that are text."""
_WORD: Final = re.compile(r"\w{1,50}", re.ASCII)
_LONGEST_INTEGER: Final = 20
"""Digits; a longer one is read as a float, for no field that we read has so many."""
_LARGE: Final = 64 * 1024
"""Bytes of JSON above which it is looked at before it is decoded."""
_MOST_HOLDERS: Final = 100_000
"""Brackets and braces in it, also those of text; a program of the longest answer has a quarter of that."""
_MOST_LENIENT: Final = 256 * 1024
"""Bytes of JSON that is read once more, slowly, where it is not JSON to the letter."""
_FAILED: Final = frozenset({"error", "failed", "failure"})
"""What a `status` says of an answer that is none."""


class NoChunk(ValueError):
    """An event holds what no chunk of an answer can be."""


class Chunk(msgspec.Struct, frozen=True):
    """One chunk, the same for all dialects."""

    text: str = ""
    """May hold half of a surrogate pair, the other half of which begins the next chunk's."""
    thought: str = ""
    """What the model says to itself, in a field of its own."""
    is_refusal: bool = False
    finish: FinishReason | None = None
    unknown_finish: str | None = None
    """The reason for an end that is none of those known, fit to be shown."""
    usage: Usage | None = None
    error: ErrorBody | None = None


def read_chunk(event: Event) -> Chunk | None:
    """Read an event, or return None for one that is no part of the answer, such as a keep-alive. Raises NoChunk."""
    data = event.data.strip()
    if event.name == b"error":
        is_json = data.startswith((b"{", b"["))
        return Chunk(error=read_error(_decoded(data) if is_json else data.decode(errors="replace")))
    if not data or (event.name not in (b"", b"message") and not data.startswith(b"{")):
        return None
    raw = _decoded(data)
    if isinstance(raw, list):  # Google wraps its errors in one
        raw = next(_mappings(cast("object", raw)), None)
    return _chunk(cast("dict[str, Any]", raw)) if isinstance(raw, dict) else None


def _chunk(raw: Mapping[str, Any]) -> Chunk | None:
    choice = _choice(raw)
    groq = _mapping(raw.get("x_groq"))
    error = _error(raw, groq, choice)
    if error is not None:
        return Chunk(error=error)
    usage = _usage(raw.get("usage") or groq.get("usage"))
    if choice is None:
        return Chunk(usage=usage) if "choices" in raw or "usage" in raw or groq else None
    said = _said(choice)
    content = said.get("content")
    is_plain = len(said) == 1 and isinstance(content, str)  # most are
    end = _CALL if not is_plain and _calls(said, content) else choice.get("finish_reason") or None
    finish = _ENDS.get(end.lower()) if isinstance(end, str) else None
    return Chunk(
        text=_text(content),
        thought="" if is_plain else _thought(said),
        is_refusal=not is_plain and _refuses(said, content),
        finish=finish,
        unknown_finish=_shown(end) if end is not None and finish is None else None,
        usage=usage,
    )


def _choice(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the choice that is asked for, whose index is 0 or not said; None where a chunk has others only."""
    choices = raw.get("choices")
    if choices is None:
        return None
    if not isinstance(choices, list):
        raise NoChunk
    for choice in cast("list[object]", choices):
        if not isinstance(choice, dict):
            raise NoChunk
        fields = cast("dict[str, Any]", choice)
        index = fields.get("index")
        if not index or type(index) is not int:
            return fields
    return None


def _said(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a choice adds; a server that does not stream says it all in `message`."""
    said = choice.get("delta")
    if said is None:
        said = choice.get("message")
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise NoChunk
    return cast("dict[str, Any]", said)


def _thought(said: Mapping[str, Any]) -> str:
    return "".join(value for name in _THOUGHTS if isinstance(value := said.get(name), str))


def _refuses(said: Mapping[str, Any], content: object) -> bool:
    refusal = said.get("refusal")
    return (isinstance(refusal, str) and bool(refusal)) or _has_part(content, "refusal")


def _calls(said: Mapping[str, Any], content: object) -> bool:
    """Return whether the model calls a tool. It was given none: what it says is not what was asked for."""
    has_call = any(_mappings(said.get("tool_calls"))) or bool(_mapping(said.get("function_call")))
    return has_call or _has_part(content, "tool_use")


def _has_part(content: object, kind: str) -> bool:
    return any(part.get("type") == kind for part in _mappings(content))


def _text(content: object) -> str:
    """Return the text of a content, which is a string or a list of parts; parts of other kinds are left out."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise NoChunk
    return "".join(map(_part, cast("list[object]", content)))


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        raise NoChunk
    fields = cast("dict[str, object]", part)
    if fields.get("type") not in _TEXTS:
        return ""
    text = fields.get("text")
    if not isinstance(text, str):
        raise NoChunk
    return text


def _shown(end: object) -> str:
    return end if isinstance(end, str) and _WORD.fullmatch(end) else "unknown"


def _error(raw: Mapping[str, Any], groq: Mapping[str, Any], choice: Mapping[str, Any] | None) -> ErrorBody | None:
    """Return what a chunk says went wrong, wherever it says so; None where it says nothing of the kind."""
    for holder in (raw, groq, choice or {}):
        if holder.get("error") or holder.get("errors") or holder.get("err"):
            return read_error(holder)
    if "error" in (raw.get("object"), raw.get("type")):
        return read_error(raw)
    if "choices" in raw:
        return None
    error = read_error(raw)
    status = raw.get("status")
    has_failed = False in (raw.get("success"), raw.get("ok")) or (isinstance(status, str) and status.lower() in _FAILED)
    return error if has_failed or "detail" in raw or error.status is not None else None


def _usage(raw: object) -> Usage | None:
    """Return the counts of an answer; None where they are unreadable or impossible, and so to be estimated."""
    if not raw:
        return None
    counts = _mapping(raw)
    prompt, completion = _tokens(counts.get("prompt_tokens")), _tokens(counts.get("completion_tokens"))
    if not prompt or completion is None:  # no prompt has no tokens
        return None
    cached = _tokens(_mapping(counts.get("prompt_tokens_details")).get("cached_tokens"))
    reasoning = _tokens(_mapping(counts.get("completion_tokens_details")).get("reasoning_tokens"))
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cached_tokens=min(cached or 0, prompt),
        reasoning_tokens=min(reasoning or 0, completion),
    )


def _tokens(value: object) -> int | None:
    """Read a count of tokens, the one place at which a number from outside is let in; also `"12"` and `12.0`."""
    if isinstance(value, str) and len(value) < _LONGEST_INTEGER and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= MOST_TOKENS and value == int(value) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in a list, and none of what is no list."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return (cast("dict[str, Any]", each) for each in items if isinstance(each, dict))


def _decoded(data: bytes) -> object:
    """Decode JSON, and also what others let pass: halves of surrogate pairs, bytes that are no UTF-8, huge numbers."""
    if len(data) > _LARGE and data.count(b"[") + data.count(b"{") > _MOST_HOLDERS:
        raise NoChunk
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise NoChunk from None
    if len(data) > _MOST_LENIENT:
        raise NoChunk
    try:
        return json.loads(data.decode(errors="replace"), parse_int=_integer)
    except (ValueError, RecursionError):
        raise NoChunk from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONGEST_INTEGER else float(digits)


_decoder: Final = msgspec.json.Decoder()
