"""The events of a generation's stream, and how a reader that is behind gets them merged."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from services.foundation.events.port import Entry
from services.foundation.events.stream import StreamEvent
from services.generations.model import GenerationReason, GenerationStatus


class _Event(msgspec.Struct, frozen=True, tag=True, rename="camel"):
    pass


class AttemptStarted(_Event, frozen=True):
    """A provider begins. Where `resets_text` is true, all text and files before it are void."""

    attempt: int
    provider: str
    model: str
    resets_text: bool
    left_out: tuple[str, ...] = ()
    """What of the prompt the model was not given: files by their paths, earlier turns of a chat by their questions."""


class TokenDelta(_Event, frozen=True):
    """More text. `offset` counts the characters of text before it since the last reset."""

    text: str
    offset: int


class FileStarted(_Event, frozen=True):
    path: str


class FileDelta(_Event, frozen=True):
    path: str
    text: str


class FileCompleted(_Event, frozen=True):
    path: str
    sha256: str
    bytes: int


class FileKept(_Event, frozen=True):
    """A file of the generation that this one starts from; its content is not in the stream."""

    path: str
    sha256: str
    bytes: int


class FileRemoved(_Event, frozen=True):
    """A file that was kept, or had come, is to go."""

    path: str


class CheckFinished(_Event, frozen=True):
    """A check of the files has ended. `state` is a CheckState's value."""

    name: str
    state: str
    output: str


class FileDiscarded(_Event, frozen=True):
    path: str
    reason: str


class UsageUpdated(_Event, frozen=True):
    input_tokens: int
    output_tokens: int


class AttemptFailed(_Event, frozen=True):
    code: str
    message: str
    will_retry: bool


class GenerationFinished(_Event, frozen=True):
    """The one terminal event."""

    status: GenerationStatus
    reason: GenerationReason | None = None
    message: str | None = None


GenerationEvent: TypeAlias = (
    AttemptStarted
    | TokenDelta
    | FileStarted
    | FileDelta
    | FileCompleted
    | FileDiscarded
    | FileKept
    | FileRemoved
    | CheckFinished
    | UsageUpdated
    | AttemptFailed
    | GenerationFinished
)

_decoder: Final = msgspec.json.Decoder[GenerationEvent](GenerationEvent)


def encode(event: GenerationEvent) -> bytes:
    return msgspec.json.encode(event)


def merged(epoch: str, entries: Sequence[Entry]) -> Iterator[StreamEvent[GenerationEvent]]:
    """Decode entries, joining neighbouring text of the same kind; each event is named by the last entry it covers."""
    pending: StreamEvent[GenerationEvent] | None = None
    for entry in entries:
        event = StreamEvent(epoch, entry.seq, entry.at, _decoder.decode(entry.data))
        joined = None if pending is None else _joined(pending.event, event.event)
        if joined is None:
            if pending is not None:
                yield pending
            pending = event
        else:
            pending = StreamEvent(epoch, entry.seq, entry.at, joined)
    if pending is not None:
        yield pending


def _joined(first: GenerationEvent, second: GenerationEvent) -> GenerationEvent | None:
    match first, second:
        case TokenDelta(), TokenDelta():
            return TokenDelta(first.text + second.text, first.offset)
        case FileDelta(), FileDelta() if first.path == second.path:
            return FileDelta(first.path, first.text + second.text)
        case _:
            return None
