"""What all events of all streams share: their position, and gaps."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar, cast

import strawberry

from resolvers.scalars import Long
from services.foundation.events import stream
from services.foundation.events.follow import Followed, Following
from services.foundation.events.playback import Batch

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


E = TypeVar("E")
T = TypeVar("T")
R = TypeVar("R")


class Watch(AsyncGenerator[T, None], Generic[E, T]):
    """A subscription's source: the events of a stream as they are shown. Begins when the first is asked for."""

    def __init__(
        self, begin: Callable[[], AbstractAsyncContextManager[Followed[E]]], shown: Callable[[Following[E]], T]
    ) -> None:
        self._begin = begin
        self._shown = shown
        self._followed: Followed[E] | None = None
        self._open = AsyncExitStack()

    async def __anext__(self) -> T:
        if self._followed is None:
            self._followed = await self._open.enter_async_context(self._begin())
        return self._shown(await anext(self._followed))

    async def pour(self, write: Callable[[T], R | None], take: Callable[[Sequence[R]], bool]) -> None:
        """Write events and give them to `take` at the moment they happen.

        Until `write` returns None, or `take` False, or there is something else to be asked for. Whoever writes in the
        same way (equal functions) shares what is written.
        """
        followed, shown = self._followed, self._shown
        if followed is None:
            return

        def written(batch: Batch) -> Sequence[R] | None:
            results = [write(shown(event)) for event in followed.events(batch)]
            return None if None in results else cast("list[R]", results)

        def offer(batch: Batch) -> bool:
            results = batch.derived.once(write, lambda: written(batch))
            return results is not None and take(results)

        await followed.pour(offer)

    async def asend(self, value: None) -> T:
        del value
        return await anext(self)

    async def athrow(self, typ: Any, val: Any = None, tb: Any = None) -> T:
        del val, tb
        await self.aclose()
        raise typ

    async def aclose(self) -> None:
        await self._open.aclose()
