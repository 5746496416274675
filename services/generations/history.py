"""The stream of a generation as storage has it: what replays once the event log has let go of it."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.foundation.aws.bucket import Bucket
from services.foundation.aws.tables import Table
from services.foundation.events.port import Closed, Entry, EventLog, Fenced, LogUnavailable
from services.generations import events
from services.generations.artifact import Artifact, load
from services.generations.model import Generation

FRESH: Final = 0.5
"""Seconds for which a record that has just been read is as good as read again, where it is asked about twice."""


@dataclass(slots=True)
class GenerationHistory:
    """A short stream that ends in the same text and files: one reset, all of each, the terminal event."""

    table: Table[Generation]
    bucket: Bucket
    seen: Generation | None = None
    """The record, as whoever begins to follow has just read it."""
    _until: float = field(default_factory=lambda: time.monotonic() + FRESH)

    async def has_ended(self, stream: str) -> bool:
        """Return whether the generation has ended."""
        generation = await self.table.find(stream)
        return generation is not None and generation.finished_at is not None

    async def read(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return the entries after a seq; none while the generation goes on."""
        generation = await self._record(stream)
        if generation is None or generation.finished_at is None:
            return []
        said = replay(generation, await load(self.bucket, generation))
        return entries(said, at=generation.finished_at)[after : after + limit]

    async def _record(self, stream: str) -> Generation | None:
        """Return the record; where it has just been read, that one, once: `has_ended` asks again in any case."""
        seen, self.seen = self.seen, None
        return seen if seen is not None and time.monotonic() < self._until else await self.table.find(stream)


def replay(generation: Generation, artifact: Artifact | None) -> list[events.GenerationEvent]:
    """Return a generation that has ended as a stream of as few events as possible."""
    said: list[events.GenerationEvent] = []
    if artifact is not None:
        said.append(
            events.AttemptStarted(
                attempt=generation.attempt,
                provider=generation.provider or "",
                model=generation.model or "",
                resets_text=True,
            )
        )
        if artifact.text:
            said.append(events.TokenDelta(artifact.text, offset=0))
        for file in artifact.files:
            said += [
                events.FileStarted(file.path),
                events.FileDelta(file.path, file.content),
                events.FileCompleted(file.path, file.sha256, file.listing.bytes),
            ]
    said.append(finished(generation))
    return said


def finished(generation: Generation) -> events.GenerationFinished:
    """Return the terminal event of a generation that has ended."""
    return events.GenerationFinished(generation.status, generation.reason, generation.message)


def entries(said: Sequence[events.GenerationEvent], *, at: datetime) -> list[Entry]:
    last = len(said)
    return [Entry(seq, at, events.encode(event), terminal=seq == last) for seq, event in enumerate(said, start=1)]


async def close_stream(log: EventLog, generation: Generation, artifact: Artifact | None) -> None:
    """Append how a generation ended, where its stream is open.

    Nobody knows how much of the text its run had still to append, or whether the log knows the stream at all: it gets
    everything again, after a reset. While the log is away nothing is done: followers are told from storage.
    """
    with suppress(Closed, Fenced, LogUnavailable):
        if (await log.read(generation.id, after=0, limit=1)).head.closed:
            return
        await log.append(
            generation.id,
            [events.encode(event) for event in replay(generation, artifact)],
            attempt=generation.attempt + 1,
            producer_seq=1,
            close=True,
        )
