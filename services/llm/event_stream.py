"""The reader of an event stream's bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html).

The SDKs can read their own streams, at 69 to 163 µs a chunk; this and `chunks` together take a few.
"""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
MAX_EVENT: Final = 1024 * 1024
"""Bytes. A chunk of an answer has a few hundred; more than this is no chunk, and is not to fill our memory."""


class EventTooLarge(Exception):
    """The other side sends an event without an end."""


class Event(NamedTuple):
    """One event as it is dispatched. Its bytes are not decoded yet."""

    data: bytes
    """The data lines, joined by newlines; may be empty."""
    name: bytes = b""
    """The field `event`; empty where there was none, which means `message`."""


@dataclass(slots=True)
class EventStream:
    """Takes bytes cut anywhere, also within a character or a line's end, and returns each event once it is whole.

    The fields `id` and `retry` concern reconnecting, which an answer does not allow: they are ignored, as are comments
    and unknown fields.
    """

    _line: bytearray = field(default_factory=bytearray, init=False)
    _data: bytearray = field(default_factory=bytearray, init=False)
    """The data lines, each with a newline: an empty line costs no more than that."""
    _name: bytes = field(default=b"", init=False)
    _is_first: bool = field(default=True, init=False)
    _after_return: bool = field(default=False, init=False)
    """The last byte was a carriage return: a newline that follows belongs to it."""

    def feed(self, received: bytes) -> list[Event]:
        """Take the next bytes. Raises EventTooLarge."""
        if self._after_return and received:
            received = received.removeprefix(b"\n")
            self._after_return = False
        events: list[Event] = []
        *lines, rest = _LINE_END.split(received)
        for line in lines:
            self._line += line
            self._take_line(events)
        self._line += rest
        self._after_return = self._after_return or received.endswith(b"\r")
        if len(self._data) + len(self._line) > MAX_EVENT:
            raise EventTooLarge
        return events

    def end(self) -> Event | None:
        """Return the event that the stream ended within, before its blank line; None where there is none.

        The specification has it dropped. It may be half of an event: only its reader can tell.
        """
        events: list[Event] = []
        if self._line:
            self._take_line(events)
        self._take_line(events)
        return events[0] if events else None

    def _take_line(self, events: list[Event]) -> None:
        """Take the gathered line, which is whole; an empty one dispatches the event."""
        line = bytes(self._line)
        self._line.clear()
        if self._is_first:
            self._is_first, line = False, line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            if self._data:
                events.append(Event(bytes(self._data[:-1]), self._name))
                self._data.clear()
            self._name = b""
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data += value
            self._data += b"\n"
        elif name == b"event":
            self._name = value
