"""Streams whose text says by itself which events it is of, and followers that see whether one is lost or repeated."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

DIGITS: Final = 8

QUERY: Final = """subscription($id: ID!, $after: String) {
  generationEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq }
    ... on TokenDelta { text offset }
    ... on StreamGap { fromSeq toSeq }
  }
}"""


class Event(msgspec.Struct):
    """What a follower looks at of an event."""

    kind: str = msgspec.field(name="__typename")
    cursor: str | None = None
    seq: int = 0
    text: str = ""
    offset: int = 0


class _Data(msgspec.Struct):
    event: Event = msgspec.field(name="generationEvents")


class _Payload(msgspec.Struct):
    data: _Data | None = None
    errors: Any = None


class _Next(msgspec.Struct):
    payload: _Payload


_decoder: Final = msgspec.json.Decoder(_Next)


def text_of(number: int, width: int = DIGITS) -> str:
    """Return the text of a stream's event, from 1 on: its number, and dots up to `width` characters."""
    return f"{number:0{DIGITS}}".ljust(width, ".")


def event_of(number: int, width: int = DIGITS) -> bytes:
    """Return a stream's event as a worker appends it."""
    event = {"type": "TokenDelta", "text": text_of(number, width), "offset": width * (number - 1)}
    return msgspec.json.encode(event)


def event_in(message: bytes) -> Event | None:
    """Return the event of a message; None where it is of another kind. Raises ValueError for errors."""
    if b'"next"' not in message[:60] and b'"next"' not in message[-60:]:
        if b'"error"' in message[:60] or b'"complete"' in message[:60]:
            raise ValueError(message.decode())
        return None
    payload = _decoder.decode(message).payload
    if payload.data is None:
        raise ValueError(message.decode())
    return payload.data.event


@dataclass(slots=True)
class Following:
    """A way through one stream: each event may stand for several, whose text is joined, but none is missing."""

    stream: str
    width: int = DIGITS
    last: int = 0
    cursor: str | None = None

    def take(self, event: Event) -> str | None:
        """Go on to an event; return what is wrong with it."""
        wrong = self._wrong(event)
        self.last, self.cursor = max(self.last, event.seq), event.cursor
        return wrong and f"{self.stream}: {wrong}"

    def end(self, number: int) -> str | None:
        """Return what is wrong where the stream ends with this event."""
        return f"{self.stream}: events {self.last + 1} to {number} never came" if self.last < number else None

    def _wrong(self, event: Event) -> str | None:
        if event.kind != "TokenDelta":
            return f"a {event.kind} after event {self.last}"
        if event.seq <= self.last:
            return f"event {event.seq} came again after event {self.last}"
        if event.offset != self.last * self.width:
            return f"event {event.seq} goes on after event {event.offset // self.width}, not after event {self.last}"
        for number in range(self.last + 1, event.seq + 1):
            start = (number - self.last - 1) * self.width
            if (text := event.text[start : start + self.width]) != text_of(number, self.width):
                return f"event {number} is lost: there came {text[:DIGITS]!r}"
        return None
