"""Open streams that any number of processes append to: a team's activity, who is at a project.

The log's numbers are made for one producer per stream, with attempts that fence each other. Here each append is an
attempt of its own: above the stream's last event as this process read it, and drawn from a million, so that two
processes hardly ever draw the same. One that comes too late is fenced and draws again.
"""

from collections.abc import Callable, Sequence
from typing import Final

from services.core.frozen import frozen
from services.foundation.events.cursor import Cursor, encode
from services.foundation.events.port import Entry, EventLog, Fenced, Head, LogUnavailable

MOST_EVENTS: Final = 1000
"""Events of a stream; older ones are forgotten, at the latest a hundred events later."""

_TRIES: Final = 20
_DRAWN_BITS: Final = 20


@frozen
class SharedStreams:
    event_log: EventLog
    random_bits: Callable[[int], int]

    async def append(self, stream: str, data: bytes) -> None:
        """Append one event. Raises LogUnavailable, also where others keep coming first."""
        for _ in range(_TRIES):
            last = (await self.head(stream)).last
            attempt = ((last + 1) << _DRAWN_BITS) | self.random_bits(_DRAWN_BITS)
            try:
                seq = await self.event_log.append(stream, [data], attempt=attempt, producer_seq=1)
            except Fenced:
                continue
            if seq > MOST_EVENTS and seq % 100 == 0:
                await self.event_log.trim(stream, before=seq - MOST_EVENTS + 1)
            return
        raise LogUnavailable

    async def head(self, stream: str) -> Head:
        return (await self.event_log.read(stream, after=0, limit=0)).head

    async def end(self, stream: str) -> str | None:
        """Return the cursor after which a stream has only what is yet to come; None where it has had nothing."""
        head = await self.head(stream)
        return None if head.epoch is None else encode(Cursor(head.epoch, head.last))


class NoHistory:
    """The history of a stream that storage knows nothing of, and that never ends."""

    async def read(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        del stream, after, limit
        return ()

    async def has_ended(self, stream: str) -> bool:
        del stream
        return False
