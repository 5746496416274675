"""The events of a deployment's stream, and how a reader that is behind gets them merged and filtered."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from services.core.frozen import frozen
from services.deployments.model import DeploymentStatus
from services.foundation.events.follow import Merge
from services.foundation.events.port import Entry
from services.foundation.events.stream import StreamEvent
from services.platforms.port import LogLevel, LogStream, StepState


class _Event(msgspec.Struct, frozen=True, tag=True, rename="camel"):
    pass


class DeploymentStatusChanged(_Event, frozen=True):
    status: DeploymentStatus
    url: str | None = None


class StepChanged(_Event, frozen=True):
    step: str
    state: StepState


class LogLine(_Event, frozen=True):
    """One line of output, as the log stores it. Its seq in the stream is its id."""

    timestamp: datetime
    level: LogLevel
    stream: LogStream
    message: str
    id: str = ""
    """The platform's own, where it has one."""


class DeploymentFinished(_Event, frozen=True):
    """The one terminal event: nothing of this deployment runs any more."""

    status: DeploymentStatus
    reason: str | None = None
    message: str | None = None


@frozen
class NumberedLine:
    """A line with its position in the stream."""

    seq: int
    line: LogLine


@frozen
class LogLines:
    """Neighbouring lines, joined for the reader."""

    lines: tuple[NumberedLine, ...]


StoredEvent: TypeAlias = DeploymentStatusChanged | StepChanged | LogLine | DeploymentFinished
DeploymentEvent: TypeAlias = DeploymentStatusChanged | StepChanged | LogLines | DeploymentFinished

_decoder: Final = msgspec.json.Decoder[StoredEvent](StoredEvent)


@frozen
class LogFilter:
    """Which lines to show; an empty field shows all. `contains` ignores case."""

    streams: Collection[LogStream] = ()
    levels: Collection[LogLevel] = ()
    contains: str = ""
    matches: Callable[[LogLine], bool] | None = None
    """What a query asks for (log_query.py)."""
    since: datetime | None = None
    until: datetime | None = None

    def shows(self, line: LogLine) -> bool:
        return (
            (not self.streams or line.stream in self.streams)
            and (not self.levels or line.level in self.levels)
            and (not self.contains or self.contains.casefold() in line.message.casefold())
            and (self.since is None or line.timestamp >= self.since)
            and (self.until is None or line.timestamp < self.until)
            and (self.matches is None or self.matches(line))
        )


def encode(event: StoredEvent) -> bytes:
    return msgspec.json.encode(event)


def decode(data: bytes) -> StoredEvent:
    return _decoder.decode(data)


def lines(entries: Sequence[Entry], shown: LogFilter) -> Iterator[NumberedLine]:
    """Return the lines among the entries that the filter shows."""
    for entry in entries:
        event = _decoder.decode(entry.data)
        if isinstance(event, LogLine) and shown.shows(event):
            yield NumberedLine(entry.seq, event)


def merging(shown: LogFilter) -> Merge[DeploymentEvent]:
    """Make the merge of a follower: neighbouring lines join, lines that the filter does not show are left out."""
    return _all_lines if shown == LogFilter() else _merging(shown)


def _merging(shown: LogFilter) -> Merge[DeploymentEvent]:
    def merged(epoch: str, entries: Sequence[Entry]) -> Iterator[StreamEvent[DeploymentEvent]]:
        pending: list[tuple[Entry, LogLine]] = []
        for entry in entries:
            event = _decoder.decode(entry.data)
            if isinstance(event, LogLine):
                if shown.shows(event):
                    pending.append((entry, event))
                continue
            if pending:
                yield _batch(epoch, pending)
                pending = []
            yield StreamEvent(epoch, entry.seq, entry.at, event)
        if pending:
            yield _batch(epoch, pending)

    return merged


_all_lines: Final = _merging(LogFilter())
"""That of whoever wants to see everything: one for all of them, so that they share what comes of it."""


def _batch(epoch: str, pending: Sequence[tuple[Entry, LogLine]]) -> StreamEvent[DeploymentEvent]:
    last = pending[-1][0]
    batch = LogLines(tuple(NumberedLine(entry.seq, line) for entry, line in pending))
    return StreamEvent(epoch, last.seq, last.at, batch)
