"""The lines of CloudWatch Logs that a deployment has not told yet."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from services.core.frozen import frozen
from services.platforms.ecs.account import Account
from services.platforms.output import LineSplitter
from services.platforms.port import LogStream
from services.platforms.vendors.work import Work

LATE: Final = timedelta(seconds=30)
"""By how much a line may come later than one that was written after it: each task sends its own every few seconds."""


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    event_id: str
    timestamp: int
    message: str


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    events: Sequence[_Event] = ()
    next_token: str | None = None


@frozen
class Lines:
    """Reads a log group. The id of a line is CloudWatch's own."""

    account: Account
    group: str

    async def tell(self, work: Work, stream: LogStream, *, prefix: str) -> int:
        """Emit the lines, of the log streams whose names begin so, that were not told; return how many they are.

        A page may be empty with others behind it. A log that is not there has no lines.
        """
        parameters: dict[str, Any] = {"logGroupName": self.group, "logStreamNamePrefix": prefix}
        if (since := work.placement.told.complete_since(stream, LATE)) is not None:
            parameters["startTime"] = int(since.timestamp() * 1000)
        count = 0
        while True:
            asked = self.account.call(_Page, "logs", "filter_log_events", **parameters)
            page = await self.account.unless("ResourceNotFoundException", asked) or _Page()
            for event in page.events:
                count += await self._emit(work, stream, event)
            if page.next_token is None:
                return count
            parameters["nextToken"] = page.next_token

    async def _emit(self, work: Work, stream: LogStream, event: _Event) -> int:
        """Emit an event, which may be several lines; return how many were new."""
        at = datetime.fromtimestamp(event.timestamp / 1000, UTC)
        splitter, count = LineSplitter(), 0
        lines = [*splitter.feed(event.message.encode()), *splitter.end()]
        for number, line in enumerate(lines):
            id = f"{event.event_id}.{number}" if number else event.event_id  # noqa: A001 - the line's
            count += await work.line(stream, line, id=id, at=at)
        return count
