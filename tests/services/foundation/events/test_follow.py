"""Following as a subscriber does: what has come meanwhile comes merged, in messages that stay small."""

from collections.abc import Iterator, Sequence

from services.core.clock import utc_now
from services.foundation.events.follow import PIECE, follow
from services.foundation.events.hub import Hub
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import Entry
from services.foundation.events.stream import StreamEvent, StreamGap
from tests.services.foundation.events.subscribers import Storage


def joined(epoch: str, entries: Sequence[Entry]) -> Iterator[StreamEvent[bytes]]:
    """Join all that there is, as text does."""
    yield StreamEvent(epoch, entries[-1].seq, entries[-1].at, b"".join(entry.data for entry in entries))


async def test_whoever_is_far_behind_gets_everything_in_messages_of_bounded_size() -> None:
    log = MemoryLog(clock=utc_now)
    data = [b"%06d" % number * 1_000 for number in range(50)] + [b"x" * (PIECE * 2), b"y"]
    await log.append("s", data, attempt=1, producer_seq=1, close=True)

    async with follow(Hub(log), "s", after=None, history=Storage(), merged=joined) as events:
        came = [event async for event in events]

    texts = [b"" if isinstance(event, StreamGap) else event.event for event in came]
    assert b"".join(texts) == b"".join(data)
    assert sorted(map(len, texts))[-2:] == [PIECE // 6_000 * 6_000, PIECE * 2]
    assert len(texts) == 12
    await log.close()
