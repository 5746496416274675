"""What a subscriber of a stream sees: events with their positions, and gaps where history is lost."""

from datetime import datetime
from typing import Generic, TypeVar

from services.core.frozen import frozen
from services.foundation.events.cursor import Cursor, encode

E = TypeVar("E")


@frozen
class StreamEvent(Generic[E]):
    """An event and the position after it."""

    epoch: str
    seq: int
    at: datetime
    event: E

    @property
    def cursor(self) -> str:
        return encode(Cursor(self.epoch, self.seq))


@frozen
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
