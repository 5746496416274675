"""What a subscriber of a stream sees: events with their positions, and gaps where history is lost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from services.foundation.events.cursor import Cursor, encode

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class StreamEvent(Generic[E]):
    """An event and the position after it."""

    epoch: str
    seq: int
    at: datetime
    event: E

    @property
    def cursor(self) -> str:
        return encode(Cursor(self.epoch, self.seq))


@dataclass(frozen=True, slots=True)
class StreamGap:
    """Events from `from_seq` to `to_seq` are lost; `to_seq` of None means to an end that is no longer known.

    What follows starts anew where `to_seq` is None: at the oldest event that is still to be had.
    """

    epoch: str
    from_seq: int
    to_seq: int | None
    at: datetime
    """When the follower was told."""

    @property
    def seq(self) -> int:
        """The seq after which the stream goes on."""
        return self.to_seq or 0

    @property
    def cursor(self) -> str:
        return encode(Cursor(self.epoch, self.seq))
