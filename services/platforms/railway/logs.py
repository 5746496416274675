"""The lines of a deployment, as Railway keeps them: without ids, with timestamps that several lines share."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from services.core.frozen import frozen
from services.platforms.output import MAX_LINE_BYTES, cleaned, shortened
from services.platforms.port import LogLevel, LogStream
from services.platforms.railway.answers import Deployment, Lines, LogLine, Look
from services.platforms.railway.api import Api
from services.platforms.railway.documents import BUILD_LINES, LOOK, LOOK_AT_BUILD, LOOK_AT_RUNTIME, RUNTIME_LINES
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import Work

LIMIT: Final = 500
"""Lines asked for at once; Railway answers with one more."""
_PAGES: Final = 40
"""Pages of lines that are read back to the last one told; what is older than these is left out."""
_LEVELS: Final = {"err": LogLevel.ERROR, "error": LogLevel.ERROR, "warn": LogLevel.WARN, "warning": LogLevel.WARN}
_MILLISECOND: Final = timedelta(milliseconds=1)
_LATE: Final = timedelta(seconds=5)
"""By so much a line may come after later ones."""


@frozen
class Logs:
    """Emits the lines of a deployment that were not told.

    The id of a line is its time, its text's digest, and which of the equal lines of that time it is. Lines are asked
    for by whole milliseconds, so that those of one time are always looked at together, and those of the last seconds
    again, as far back as it is known which of them were told.
    """

    api: Api
    work: Work

    async def look(self, deployment_id: str) -> Deployment:
        """Return a deployment, and emit its new lines. Lines that are not there yet are left for another look."""
        starts = {stream: self._start(stream) for stream in (LogStream.BUILD, LogStream.RUNTIME)}
        look = await self._look(deployment_id, build=starts[LogStream.BUILD], runtime=starts[LogStream.RUNTIME])
        for stream, newest in ((LogStream.BUILD, look.build), (LogStream.RUNTIME, look.runtime)):
            if newest is not None:
                await self._emit(stream, await self._whole(stream, deployment_id, starts[stream], newest))
        return look.deployment

    async def _look(self, deployment_id: str, **starts: str | None) -> Look:
        """Return as much as there is: Railway refuses the whole answer where a part of it is missing.

        A rollback has no lines of a build, and a build at first none of what runs.
        """
        for document in (LOOK, LOOK_AT_RUNTIME, LOOK_AT_BUILD):
            with suppress(Refused):
                return await self.api.ask(document, Look, id=deployment_id, limit=LIMIT, **document.taken(starts))
        return Look(await self.api.deployment(deployment_id))

    async def settle(self, deployment_id: str) -> bool:
        """Look, and say whether there was nothing new."""
        before = self._last()
        await self.look(deployment_id)
        return self._last() == before

    def _last(self) -> list[str | None]:
        lasts = (self.work.placement.told.last(stream) for stream in (LogStream.BUILD, LogStream.RUNTIME))
        return [line.id if line else None for line in lasts]

    def _start(self, stream: LogStream) -> str | None:
        first, last = self.work.placement.told.first(stream), self.work.placement.told.last(stream)
        if first is None or last is None:
            return None
        newest = _time_of(last.id)
        start = max(newest - _LATE, _time_of(first) + _MILLISECOND)
        return _text(min(start, newest - _MILLISECOND))

    async def _whole(
        self, stream: LogStream, deployment_id: str, start: str | None, page: list[LogLine]
    ) -> list[LogLine]:
        """Return all lines from `start` on, of which Railway gave the newest."""
        document = BUILD_LINES if stream is LogStream.BUILD else RUNTIME_LINES
        newer: list[LogLine] = []
        is_cut = len(page) >= LIMIT
        for _ in range(_PAGES):
            if not is_cut:
                break
            cut = _floor(page[0].at)
            newer = [line for line in page if _floor(line.at) > cut] + newer
            older = await self.api.ask(
                document, Lines, id=deployment_id, limit=LIMIT, start=start, end=_text(cut + _MILLISECOND)
            )
            is_cut = len(older.lines) >= LIMIT and _floor(older.lines[0].at) < cut
            page = [line for line in older.lines if _floor(line.at) <= cut]
        return page + newer

    async def _emit(self, stream: LogStream, lines: Iterable[LogLine]) -> None:
        same = Counter[str]()
        for line, text in _pieces(sorted(lines, key=lambda line: line.at)):
            name = f"{line.timestamp} {hashlib.sha256(text.encode()).hexdigest()[:12]}"
            same[name] += 1
            level = _LEVELS.get((line.severity or "").lower()) if stream is LogStream.RUNTIME else None
            await self.work.line(stream, text, id=f"{name} {same[name]}", at=line.at, level=level)


def _pieces(lines: Iterable[LogLine]) -> Iterator[tuple[LogLine, str]]:
    for line in lines:
        for text in line.text.splitlines() or [""]:
            yield line, shortened(cleaned(text), MAX_LINE_BYTES)


def _time_of(line_id: str) -> datetime:
    return _floor(datetime.fromisoformat(line_id.split(maxsplit=1)[0]))


def _floor(at: datetime) -> datetime:
    """Return the millisecond of a time: Railway takes no finer one."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
