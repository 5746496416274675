"""This file is what a chunk of a streamed chat completion holds, in the dialects of OpenAI and Groq.

Sources: https://platform.openai.com/docs/api-reference/chat-streaming and the types of the groq SDK (`x_groq`).
"""

import json
import re
from typing import Final

import msgspec

from services.llm.port import FinishReason, Usage


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _InputDetails(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None


class _OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class _Groq(msgspec.Struct, frozen=True):
    usage: _Usage | None = None
    error: str | None = None
    """Why the stream was stopped early, in an otherwise ordinary chunk."""


class _Chunk(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] | None = ()
    usage: _Usage | None = None
    x_groq: _Groq | None = None
    error: object = None


class Chunk(msgspec.Struct, frozen=True):
    """One chunk, the same for both dialects."""

    text: str = ""
    is_refusal: bool = False
    finish: FinishReason | None = None
    usage: Usage | None = None
    error: str | None = None
    """What went wrong on the other side, as it calls it: for us to look at, never to show."""


_decoder = msgspec.json.Decoder(_Chunk)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_FINISHES = {"length": FinishReason.LENGTH, "content_filter": FinishReason.CONTENT_FILTER}


def read_chunk(data: bytes) -> Chunk:
    """Read the data of one event. Raises msgspec.DecodeError or UnicodeDecodeError where it is no chunk."""
    raw = _decode(data)
    choice = raw.choices[0] if raw.choices else _Choice()
    delta = choice.delta or _Delta()
    usage = raw.usage or (raw.x_groq and raw.x_groq.usage)
    error = raw.error or (raw.x_groq and raw.x_groq.error)
    return Chunk(
        text=_SURROGATE.sub("\ufffd", delta.content or ""),
        is_refusal=bool(delta.refusal),
        finish=_FINISHES.get(choice.finish_reason, FinishReason.STOP) if choice.finish_reason else None,
        usage=_usage(usage) if usage else None,
        error=str(error) if error else None,
    )


def _decode(data: bytes) -> _Chunk:
    """Decode what the SDKs would: they also take half of a surrogate pair, which msgspec refuses."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        if b"\\u" not in data or isinstance(error, msgspec.ValidationError):
            raise
        try:
            return msgspec.convert(json.loads(data), _Chunk)
        except ValueError:
            raise error from None
    except RecursionError:
        raise msgspec.DecodeError("The chunk is nested too deeply.") from None


def _usage(raw: _Usage) -> Usage:
    inputs = raw.prompt_tokens_details or _InputDetails()
    outputs = raw.completion_tokens_details or _OutputDetails()
    return Usage(
        input_tokens=raw.prompt_tokens or 0,
        output_tokens=raw.completion_tokens or 0,
        cached_tokens=inputs.cached_tokens or 0,
        reasoning_tokens=outputs.reasoning_tokens or 0,
    )
