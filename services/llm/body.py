"""The body of an answer as chunks: an event stream, or one JSON text from a server that does not stream."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from services.llm.chunks import Chunk, NoChunk, read_chunk
from services.llm.event_stream import Event, EventStream, EventTooLarge

MAX_TEXT: Final = 4 * 1024 * 1024
"""Bytes of a JSON text, which holds all of an answer."""

_DONE: Final = b"[DONE]"
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"
"""Bytes that may come before the first one that tells which of the two it is."""


@dataclass(slots=True)
class Body:
    """Takes the bytes as they come, and yields each chunk once it is whole. Raises NoChunk and EventTooLarge."""

    is_done: bool = field(default=False, init=False)
    """Whether the stream has said that it is over; what follows is of no use."""
    _stream: EventStream = field(default_factory=EventStream, init=False)
    _begun: bytearray = field(default_factory=bytearray, init=False)
    """What came before the kind was known; all of a JSON text."""
    _is_json: bool | None = field(default=None, init=False)

    def feed(self, received: bytes) -> Iterator[Chunk]:
        """Take the next bytes."""
        if self._is_json is None:
            start = received.lstrip(_BLANK)[:1]
            self._is_json = start in b"{[" if start else None
        if self._is_json is False:
            received, self._begun = bytes(self._begun) + received, bytearray()
            yield from self._chunks(self._stream.feed(received))
            return
        self._begun += received
        if len(self._begun) > MAX_TEXT:
            raise EventTooLarge

    def end(self) -> Iterator[Chunk]:
        """Say that the body is over.

        An event without the blank line that ends it counts where it is whole. The specification has it dropped, but
        some servers forget the line after their last event, or after `[DONE]`.
        """
        if self._is_json:
            yield from self._chunks([Event(bytes(self._begun).lstrip(_BLANK))])
        elif (last := self._stream.end()) is not None:
            with suppress(NoChunk):
                yield from self._chunks([last])

    def _chunks(self, events: Iterable[Event]) -> Iterator[Chunk]:
        for event in events:
            if event.data.strip().startswith(_DONE):
                self.is_done = True
                return
            chunk = read_chunk(event)
            if chunk is not None:
                yield chunk
