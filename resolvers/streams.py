"""What all events of all streams share: their position, and gaps."""

from dataclasses import field
from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.scalars import Long
from services.foundation.events import stream
from services.foundation.events.derived import Derived

ResumeAfter = Annotated[
    str | None,
    strawberry.argument(description="Cursor of the last event you handled: go on after it. Null: from the start."),
]


@strawberry.interface
class StreamEvent:
    """Something that happened. Keep the cursor of the last one you handled: resuming after it misses nothing."""

    cursor: str
    """Opaque position after this event; pass it as `after` to resume."""
    seq: Long
    """Number of the last event that this one covers, from 1 and without holes; neighbouring text or lines may come
    joined in one event."""
    at: datetime
    """When it happened."""
    derived: strawberry.Private[Derived] = field(default_factory=Derived, compare=False, repr=False)


@strawberry.type
class StreamGap(StreamEvent):
    """Events are lost or have expired. With a null `toSeq` the stream starts anew after this: drop what you have."""

    from_seq: Long
    """First event that is missing."""
    to_seq: Long | None
    """Last event that is missing; null where nobody knows any more."""

    @classmethod
    def of(cls, gap: stream.StreamGap) -> Self:
        return cls(
            cursor=gap.cursor,
            seq=Long(gap.seq),
            at=gap.at,
            from_seq=Long(gap.from_seq),
            to_seq=None if gap.to_seq is None else Long(gap.to_seq),
        )
