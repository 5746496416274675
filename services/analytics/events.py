"""Reading single events: those of a project, a type or a user, between two times, listed or exported.

Each of the three has an index by time, so that a page costs one read however many events there are, and an export as
many as it has pages.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.analytics.model import AnalyticsEvent, EventType
from services.analytics.service import Analytics, TimeRange, sort_keys
from services.analytics.validation import TEXT_LENGTH
from services.core.actor import Actor
from services.core.clock import Clock, iso
from services.core.errors import Invalid
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId, new_id
from services.core.pages import Page, PageRequest
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.provision import EXPORTS
from services.foundation.aws.tables import Table
from services.foundation.limits.rate_limit import RateLimiter

MOST_EXPORTED: Final = 100_000
MOST_BYTES: Final = 64 * 1024 * 1024
RATE: Final = 5
"""Exports that one user or API key may ask for within a minute."""

URL_SECONDS: Final = 3600
_PART: Final = 8 * 1024 * 1024
"""Bytes of one part of an upload; S3 wants 5 MiB at least."""


@frozen
class EventsOf:
    """Whose events: of a project, of a type, or of a user of the backend's; without any of them the whole team's."""

    project_id: ProjectId | None = None
    type: EventType | None = None
    user: str | None = None


@frozen
class Export:
    """Events in a file, one a line, oldest first."""

    url: str
    events: int
    expires_at: datetime
    next_start: datetime | None
    """When the first event happened that had no room, so that another export may go on there; None: it has all."""


@dataclass(slots=True)
class _Lines:
    """Events as they are written: whole parts, and how far it has come."""

    pages: AsyncGenerator[list[AnalyticsEvent]]
    most: int
    events: int = 0
    size: int = 0
    next_start: datetime | None = None

    async def parts(self) -> AsyncGenerator[bytes]:
        part = bytearray()
        async for page in self.pages:
            room = self.most - self.events if self.size < MOST_BYTES else 0
            part += b"".join(map(self._line, page[:room]))
            if len(page) > room:
                self.next_start = page[room].timestamp
                break
            if len(part) >= _PART:
                yield bytes(part)
                part.clear()
        yield bytes(part)

    def _line(self, event: AnalyticsEvent) -> bytes:
        line = msgspec.json.encode(_shown(event)) + b"\n"
        self.events, self.size = self.events + 1, self.size + len(line)
        return line


@frozen(kw_only=True)
class Events:
    table: Table[AnalyticsEvent]
    analytics: Analytics
    bucket: Bucket
    rates: RateLimiter
    now: Clock
    most: int = MOST_EXPORTED
    """Events of one export."""

    async def list(
        self, page: PageRequest, of: EventsOf, time: TimeRange | None, *, team_id: TeamId | None, by: Actor
    ) -> Page[AnalyticsEvent]:
        """Return events of a team, newest first; without a time all that are kept."""
        index, partition = await self._place(of, team_id, by=by)
        return await self.table.query(index, partition, page, between=sort_keys(time))

    async def export(self, of: EventsOf, time: TimeRange | None, *, team_id: TeamId | None, by: Actor) -> Export:
        """Write events of a team into a file that whoever has its URL may download for an hour.

        At most 100,000 of them, and about 64 MB: then it says where the next one would begin.
        """
        index, partition = await self._place(of, team_id, by=by)
        between = sort_keys(time)
        name = new_id("export")
        await self.rates.take("exportEvents", name, by=by.key_id or by.user_id)
        key = f"{EXPORTS}{partition.partition('#')[0]}/{name}.ndjson"
        async with aclosing(self.table.pages(index, partition, between=between)) as pages:
            lines = _Lines(pages, self.most)
            async with aclosing(lines.parts()) as parts:
                await self.bucket.put_parts(key, parts, media_type="application/x-ndjson")
        url = self.bucket.presign(key, seconds=URL_SECONDS, filename=f"{name}.ndjson")
        return Export(url, lines.events, self.now() + timedelta(seconds=URL_SECONDS), lines.next_start)

    async def _place(self, of: EventsOf, team_id: TeamId | None, *, by: Actor) -> tuple[str, str]:
        """Return the index and its partition that have these events, if the actor may see them."""
        team = await self.analytics.team_with(team_id, of.project_id, by=by)
        if of.project_id is not None:
            return "ProjectIdIndex", of.project_id
        if of.type is not None:
            return "MetricIndex", f"{team}#{of.type.value}"
        if of.user is None:
            return "TeamIdIndex", team
        if len(of.user) > TEXT_LENGTH:
            raise Invalid.one(f"userId must have at most {TEXT_LENGTH} characters.", "filter", "userId")
        return "UserIdTimestampIndex", f"{team}#{of.user}"


def _shown(event: AnalyticsEvent) -> dict[str, object]:
    """Return an event as it is exported: as the schema shows it."""
    return {
        "eventId": event.event_id,
        "type": event.type.value,
        "status": event.status.value,
        "timestamp": iso(event.timestamp),
        "projectId": event.project_id,
        "sessionId": event.session,
        "userId": event.user,
        "agentId": event.agent_id,
        "environment": event.environment,
        "name": event.name,
        "durationMs": event.duration_ms,
        "inputTokens": event.input_tokens,
        "outputTokens": event.output_tokens,
        "costMicros": event.cost_micros,
        "metadata": None if event.metadata is None else msgspec.Raw(event.metadata.encode()),
    }
