"""The lines of Vercel: those of a build, and those of the requests that a deployment answers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.core.clock import moment_at, moment_in
from services.core.frozen import frozen
from services.platforms.output import cleaned
from services.platforms.port import LogLevel, LogStream
from services.platforms.vendors.client import Unclear
from services.platforms.vendors.work import Work
from services.platforms.vercel.api import milliseconds
from services.platforms.vercel.project import Site

_SAID: Final = {"command", "stdout", "stderr", "exit", "fatal"}
"""The types of events that are lines."""
_LEVELS: Final = {"warning": LogLevel.WARN, "error": LogLevel.ERROR, "fatal": LogLevel.ERROR}

_LATE: Final = timedelta(seconds=30)
"""A request shows up when it has been answered, at the time when it came."""
_MOST_LATE: Final = 500
"""Lines; fewer than an attempt remembers, so that none is told again."""
_KEPT: Final = timedelta(days=1)
_MOST_PAGES: Final = 20


class _Payload(msgspec.Struct, frozen=True):
    id: str = ""
    text: str = ""


class _Event(msgspec.Struct, frozen=True):
    """It comes flat, or with its text in a payload."""

    type: str
    id: str = ""
    text: str = ""
    level: str = ""
    created: int = 0
    """In milliseconds; absent of events that are no lines."""
    payload: _Payload = _Payload()


@frozen
class BuildLog:
    site: Site
    work: Work
    deployment_id: str

    async def tell(self) -> bool:
        """Emit the lines that were not told, and say whether there were any.

        What is asked for begins at the newest line that was told: others of its millisecond may have come since.
        """
        last = self.work.placement.told.last(LogStream.BUILD)
        since = {"since": milliseconds(last.at)} if last else {}
        path = f"/v3/deployments/{self.deployment_id}/events"
        events = await self.site.api.get(path, list[_Event], builds="1", direction="forward", limit="-1", **since)
        for event in events or []:
            if event.type in _SAID and event.created:
                at, level = _moment(event.created), _LEVELS.get(event.level)
                name = event.id or event.payload.id
                for line_id, line in _lines(name, event.text or event.payload.text):
                    await self.work.line(LogStream.BUILD, line, id=line_id, at=at, level=level)
        return self.work.placement.told.last(LogStream.BUILD) is not last


class _Log(msgspec.Struct, frozen=True):
    message: str = ""
    level: str = "info"


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    request_id: str
    timestamp: str | int
    logs: list[_Log] = []


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    """The newest request first."""

    rows: list[_Request]
    has_more_rows: bool = False


@frozen
class _Said:
    id: str
    at: datetime
    text: str
    level: LogLevel | None


@frozen
class RuntimeLog:
    site: Site
    work: Work

    async def tell(self) -> bool:
        """Emit the lines that were not told; say whether one of all that were read tells of a crash."""
        step = "rollback" if self.work.id("rollback") else "build"
        deployment_id, began = self.work.id(step), self.work.began(step)
        if deployment_id is None or began is None:
            return False
        last = self.work.placement.told.last(LogStream.RUNTIME)
        now = self.work.now()
        since = max(last.at - _LATE, began) if last else began
        requests = await self._requests(deployment_id, max(since, now - _KEPT), until=now)
        said = [line for request in requests for line in _said(request)]
        late = [line for line in said if last and line.at < last.at]
        for line in [*late[-_MOST_LATE:], *said[len(late) :]]:
            await self.work.line(LogStream.RUNTIME, line.text, id=line.id, at=line.at, level=line.level)
        return any(log.level == "fatal" for request in requests for log in request.logs)

    async def _requests(self, deployment_id: str, since: datetime, *, until: datetime) -> list[_Request]:
        """Return the requests of a time, the oldest first; of very many, the newest."""
        project = await self.site.project()
        asked = {
            "projectId": project.id,
            "ownerId": project.account_id,
            "deploymentId": deployment_id,
            "startDate": milliseconds(since),
            "endDate": milliseconds(until),
        }
        requests: list[_Request] = []
        for number in range(_MOST_PAGES):
            page = await self.site.api.requests(_Page, **asked, page=str(number))
            requests += page.rows if page else []
            if page is None or not page.has_more_rows:
                break
        requests.reverse()
        return sorted(requests, key=lambda request: _moment(request.timestamp))


def _said(request: _Request) -> Iterator[_Said]:
    at = _moment(request.timestamp)
    for number, log in enumerate(request.logs):
        for line_id, text in _lines(f"{request.request_id}:{number}", log.message):
            yield _Said(line_id, at, text, _LEVELS.get(log.level))


def _lines(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a text with their ids."""
    for number, line in enumerate(text.splitlines() or [""]):
        yield f"{name}.{number}" if number else name, cleaned(line)


def _moment(stamp: str | int) -> datetime:
    try:
        return moment_in(stamp) if isinstance(stamp, str) else moment_at(stamp / 1000)
    except ValueError:
        raise Unclear("A time is none.") from None
