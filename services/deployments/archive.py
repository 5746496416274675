"""The archive of deployment streams: their entries in DynamoDB, for when the log is gone."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from services.core.clock import Clock
from services.core.frozen import frozen
from services.deployments.model import ArchivedEntry, LogChunk
from services.foundation.aws.clearing import clear
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.events.port import Entry, EventLog

CHUNK_ENTRIES: Final = 200
CHUNK_BYTES: Final = 250_000
"""An item may have 400 KB; the rest is room for its overhead."""


@frozen
class LogArchive:
    table: Table[LogChunk]
    now: Clock

    async def newest(self, stream: str) -> ArchivedEntry | None:
        """Return the last archived entry."""
        chunks = await self.table.part(stream, after=0, limit=1, newest_first=True)
        return chunks[0].entries[-1] if chunks else None

    async def read(self, stream: str, *, after: int, limit: int) -> list[Entry]:
        """Return at most `limit` archived entries with a higher seq, in order."""
        entries: list[Entry] = []
        position = after
        while len(entries) < limit:
            chunks = await self.table.part(stream, after=position, limit=10)
            if not chunks:
                break
            for entry in (entry for chunk in chunks for entry in chunk.entries):
                if entry.seq > position:
                    entries.append(Entry(entry.seq, entry.at, entry.data.encode(), entry.terminal))
                    position = entry.seq
        return entries[:limit]

    async def catch_up(self, log: EventLog, stream: str, *, after: int) -> int:
        """Archive what the log has after a seq; return the seq of the last archived entry. Repeating is harmless."""
        while entries := (await log.read(stream, after=after, limit=CHUNK_ENTRIES)).entries:
            chunk = _bounded(entries)
            with suppress(AlreadyExists):  # entries of a seq are the same whoever archives them
                await self.table.put_new(self._chunk(stream, chunk))
            after = chunk[-1].seq
        return after

    async def remove(self, stream: str) -> None:
        """Delete what was archived of a stream."""
        await clear(self.table, stream)

    def _chunk(self, stream: str, entries: Sequence[Entry]) -> LogChunk:
        now = self.now()
        return LogChunk(
            id=stream,
            created_at=now,
            updated_at=now,
            last_seq=entries[-1].seq,
            entries=tuple(ArchivedEntry(e.seq, e.at, e.data.decode(), e.terminal) for e in entries),
        )


def _bounded(entries: Sequence[Entry]) -> Sequence[Entry]:
    size = 0
    for count, entry in enumerate(entries):
        size += len(entry.data)
        if size > CHUNK_BYTES and count:
            return entries[:count]
    return entries
