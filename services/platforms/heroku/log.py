"""The log of an app: what its dynos write, whichever release they run, and what Heroku says of them."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.platforms.heroku.app import App, Release
from services.platforms.output import MAX_LINE_BYTES, cleaned, shortened
from services.platforms.port import LogStream, Told
from services.platforms.vendors.client import TooMuch
from services.platforms.vendors.work import Work

_MOST: Final = (1_500, 400, 100, 25)
"""Lines asked for: all that Heroku keeps; fewer where they are too many bytes for an answer."""
_LOG_LINE: Final = re.compile(r"(\S+) (\w+)\[([^\]]+)\]: ?(.*)", re.DOTALL)


class LogSession(msgspec.Struct, frozen=True):
    logplex_url: str


@frozen
class _Line:
    id: str
    at: datetime
    text: str


@frozen
class _Tenure:
    """When a release ran: others with its slug, which have only other config vars, count as it."""

    release: Release
    releases: Sequence[Release]
    """The newest of the app, and it."""

    def has(self, at: datetime) -> bool:
        """Say whether it ran at a time, by Heroku's clock, which tells whole seconds."""
        begun = [each for each in self.releases if each.created_at <= at and each.runs]
        newest = max(begun, key=lambda each: each.version, default=None)
        if newest is None or newest.version < self.release.version:
            return False
        return newest.id == self.release.id or (newest.slug == self.release.slug and not newest.is_promotion)


async def tell_log(app: App, work: Work, release_id: str) -> None:
    """Emit the lines of the app's log that a release has written, and that were not told.

    Lines stand in the order in which they have come, not in that of their times: what was told is known by its ids, and
    the oldest of these is where to begin.
    """
    tenure = await _tenure(app, release_id)
    lines, is_cut = await _newest(app)
    told = work.placement.told
    first = _first_told(lines, told)
    if is_cut and first is None and lines and tenure.has(lines[0].at):
        await work.say(f"Lines are left out here: no more than the last {len(lines):,} could be read of Heroku's log.")
    for line in lines[first or 0 :]:
        if tenure.has(line.at):
            await work.line(LogStream.RUNTIME, line.text, id=line.id, at=line.at)


async def _tenure(app: App, release_id: str) -> _Tenure:
    releases = await app.releases()
    release = next((each for each in releases if each.id == release_id), None)
    if release is None:
        release = await app.release(release_id)
    return _Tenure(release, [*releases, release])


async def _newest(app: App) -> tuple[list[_Line], bool]:
    """Return the newest lines of the log, and whether there may be older ones. Raises TooMuch."""
    *sizes, least = _MOST
    for size in sizes:
        with suppress(TooMuch):
            return await _read(app, size)
    return await _read(app, least)


async def _read(app: App, most: int) -> tuple[list[_Line], bool]:
    body = {"lines": most, "tail": False}
    asked = await app.client.call("POST", f"{app.path}/log-sessions", body=body, repeatable=True)
    log = await app.client.fetch(asked.read(LogSession).logplex_url)
    written = log.body.decode("utf-8", "replace").split("\n")  # programs print other line ends
    return list(_lines(written)), len(written) > most


def _lines(written: Sequence[str]) -> Iterator[_Line]:
    same = Counter[str]()
    for each in written:
        parts = _LOG_LINE.fullmatch(each.removeprefix("data: "))  # which it is in a stream of events
        if parts is None or (at := _time(parts[1])) is None:
            continue
        stamp, source, process, message = parts.groups()
        name = f"{stamp} {process} {hashlib.sha256(message.encode()).hexdigest()[:12]}"
        same[name] += 1  # the same words may come twice within a microsecond
        text = message if source == "app" else f"{process}: {message}"
        yield _Line(f"{name} {same[name]}", at, shortened(cleaned(text), MAX_LINE_BYTES))


def _first_told(lines: Sequence[_Line], told: Told) -> int | None:
    return next((number for number, line in enumerate(lines) if told.has(LogStream.RUNTIME, line.id)), None)


def _time(stamp: str) -> datetime | None:
    """Return the time of a line; None for what is none, such as what a program made look like a line."""
    with suppress(ValueError):
        at = datetime.fromisoformat(stamp)
        return at if at.tzinfo else None
    return None
