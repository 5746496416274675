"""The lines of a service: of its builds, and of what runs. Render keeps them by service, not by deploy."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from services.core.clock import iso
from services.core.frozen import frozen
from services.platforms.output import MAX_LINE_BYTES, cleaned, shortened
from services.platforms.port import LogLevel, LogStream
from services.platforms.render.answers import LogLine, Service
from services.platforms.render.api import MOST, Render
from services.platforms.vendors.work import Work

INSTANCES: Final = "instances"
"""The step that notes which instances run before a deployment: their lines are not its own."""

_PAGES: Final = 40
"""Read on at once; what is newer is left for another look."""
_LATE: Final = timedelta(seconds=10)
"""By so much a line may come after later ones."""
_KEPT: Final = timedelta(days=1)
"""Looked back at most, where nothing was told for long."""

_TYPES: Final[Mapping[LogStream, str]] = {LogStream.BUILD: "build", LogStream.RUNTIME: "app"}
_STREAMS: Final = {name: stream for stream, name in _TYPES.items()}
_LEVELS: Final[Mapping[str, LogLevel]] = {
    "emerg": LogLevel.ERROR,
    "alert": LogLevel.ERROR,
    "crit": LogLevel.ERROR,
    "critical": LogLevel.ERROR,
    "fatal": LogLevel.ERROR,
    "error": LogLevel.ERROR,
    "warning": LogLevel.WARN,
    "warn": LogLevel.WARN,
}
"""Of what runs; Render calls everything else `info`, also what it has not understood."""


@frozen
class Logs:
    api: Render
    work: Work
    service: Service
    since: datetime
    """When the deploy began, by Render's clock: earlier lines are of others."""

    async def tell(self, streams: Collection[LogStream]) -> bool:
        """Emit the lines that were not told, and say whether there were any."""
        starts = {stream: self._start(stream) for stream in streams}
        asked: dict[str, str | list[str]] = {
            "ownerId": self.service.owner_id,
            "resource": self.service.id,
            "type": [_TYPES[stream] for stream in streams],
            "direction": "forward",
            "limit": str(MOST),
            "startTime": iso(min(starts.values())),
        }
        has_told = False
        for _ in range(_PAGES):
            page = await self.api.lines(asked)
            for line in page.logs:
                has_told = await self._emit(line, starts) or has_told
            following = {"startTime": iso(page.next_start_time), "endTime": iso(page.next_end_time)}
            if not page.has_more or following.items() <= asked.items():
                break
            asked |= following
        return has_told

    async def _emit(self, line: LogLine, starts: Mapping[LogStream, datetime]) -> bool:
        stream = _STREAMS.get(line.label("type"))
        if stream is None or stream not in starts or line.timestamp < starts[stream]:
            return False
        if line.label("instance") in (self.work.id(INSTANCES) or "").split():
            return False
        level = _LEVELS.get(line.label("level").lower()) if stream is LogStream.RUNTIME else None
        has_told = False
        for number, text in enumerate(line.message.splitlines() or [""]):
            name = f"{line.id}.{number}" if number else line.id
            message = shortened(cleaned(text), MAX_LINE_BYTES)
            has_told |= await self.work.line(stream, message, id=name, at=line.timestamp, level=level)
        return has_told

    def _start(self, stream: LogStream) -> datetime:
        known = self.work.placement.told.complete_since(stream, _LATE)
        return max(self.since, known or self.since, self.work.now() - _KEPT)
