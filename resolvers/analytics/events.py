"""Single events in the schema: listing those between two times, and exporting them."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.analytics.objects import AnalyticsEvent
from resolvers.analytics.operations import TeamArgument, TimeRange, optional_range, optional_team
from resolvers.context import Info
from resolvers.mutations import Payload, mutation
from resolvers.paging import After, Connection, First, connection
from resolvers.scalars import Long
from services.analytics import events
from services.analytics.model import EventType
from services.core.ids import ProjectId
from services.core.pages import PageRequest


@strawberry.input(one_of=True)
class EventFilter:
    """Which events of a team: exactly one of these."""

    project_id: strawberry.Maybe[strawberry.ID]
    """In this project."""
    type: strawberry.Maybe[EventType]
    """Of this type."""
    user_id: strawberry.Maybe[str]
    """Of this user of the backend, as the sender calls them."""

    def wanted(self) -> events.EventsOf:
        return events.EventsOf(
            project_id=ProjectId(self.project_id.value) if self.project_id else None,
            type=self.type.value if self.type else None,
            user=self.user_id.value if self.user_id else None,
        )


def wanted(chosen: EventFilter | None) -> events.EventsOf:
    return events.EventsOf() if chosen is None else chosen.wanted()


@strawberry.input
class ExportEventsInput:
    """Events to export."""

    team_id: strawberry.ID | None = None
    """The team; null means your personal team."""
    filter: EventFilter | None = None
    """Which of its events; null means all."""
    range: TimeRange | None = None
    """When they happened, to the millisecond; null means all that are kept."""


@strawberry.type
class EventExport:
    """A file with one event a line, oldest first: a JSON object with the fields of AnalyticsEvent, and sessionId."""

    download_url: str
    """Where it is; anybody who has this URL can download it until `expiresAt`."""
    expires_at: datetime
    """An hour after it was made."""
    event_count: Long
    """How many events it has: at most 100,000, and about 64 MB."""
    next_start: datetime | None
    """If not everything fitted: the `start` of the next export. An event of that very moment may be
    in both; drop what comes twice by `eventId`. Null: nothing is missing."""


@strawberry.type
class ExportEventsPayload(Payload):
    """The file, or what was wrong."""

    export: EventExport | None = None
    """The file; null where there are user errors."""

    @classmethod
    def of(cls, exported: events.Export) -> Self:
        export = EventExport(
            download_url=exported.url,
            expires_at=exported.expires_at,
            event_count=Long(exported.events),
            next_start=exported.next_start,
        )
        return cls(export=export)


@strawberry.type
class EventsQuery:
    @strawberry.field
    async def events(
        self,
        info: Info,
        filter: Annotated[
            EventFilter | None, strawberry.argument(description="Which ones; null means all of the team.")
        ] = None,
        *,
        team_id: TeamArgument = None,
        range: Annotated[
            TimeRange | None,
            strawberry.argument(description="When they happened, to the millisecond; null means all that are kept."),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[AnalyticsEvent]:
        """List events of the last 90 days, newest first."""
        page = await info.context.services.analytics_events.list(
            PageRequest(first, after),
            wanted(filter),
            optional_range(range),
            team_id=optional_team(team_id),
            by=info.context.actor,
        )
        return connection(page, AnalyticsEvent.of, after=after)


@strawberry.type
class EventsMutation:
    @mutation("Which ones.")
    async def export_events(self, info: Info, input: ExportEventsInput) -> ExportEventsPayload:
        """Write events into a file to download. For an API key the scope READ is enough. At most 5 exports a minute."""
        export = await info.context.services.analytics_events.export(
            wanted(input.filter),
            optional_range(input.range),
            team_id=optional_team(input.team_id),
            by=info.context.actor,
        )
        return ExportEventsPayload.of(export)
