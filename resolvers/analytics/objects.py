"""What analytics shows: events, sessions, and totals of a time."""

import json
from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.scalars import Long
from resolvers.shown import shows
from services.analytics import model, service
from services.analytics.live import Snapshot
from services.analytics.model import EventStatus, EventType
from services.analytics.rollups import Interval, Tally
from services.analytics.service import Metric
from services.analytics.validation import EventCode
from services.core.pages import PageRequest

for _enum in (EventType, EventStatus, EventCode, Interval, Metric):
    strawberry.enum(_enum)


@strawberry.type
class AnalyticsEvent:
    """Something that happened, as it was recorded. Kept for 90 days."""

    event_id: str
    """What the sender calls it; unique in the team."""
    type: EventType
    """What happened."""
    status: EventStatus
    """How it went."""
    timestamp: datetime
    """When it happened."""
    project_id: strawberry.ID | None
    """The project that it happened in."""
    user_id: str | None
    """Whose doing it was: a user of the backend, as the sender calls them."""
    agent_id: str | None
    """Which agent did it."""
    environment: str | None
    """Where, such as `production`."""
    name: str | None
    """What exactly, such as a tool, a route, or the name of a CUSTOM event."""
    duration_ms: Long | None
    """How long it took, in milliseconds."""
    input_tokens: Long
    """Tokens of the prompt."""
    output_tokens: Long
    """Tokens of the answer."""
    cost_micros: Long
    """What it cost, in millionths of a US dollar."""
    metadata: JSON | None
    """Whatever else the sender said."""

    @classmethod
    def of(cls, event: model.AnalyticsEvent) -> Self:
        return cls(
            event_id=event.event_id,
            type=event.type,
            status=event.status,
            timestamp=event.timestamp,
            project_id=None if event.project_id is None else strawberry.ID(event.project_id),
            user_id=event.user,
            agent_id=event.agent_id,
            environment=event.environment,
            name=event.name,
            duration_ms=None if event.duration_ms is None else Long(event.duration_ms),
            input_tokens=Long(event.input_tokens),
            output_tokens=Long(event.output_tokens),
            cost_micros=Long(event.cost_micros),
            metadata=None if event.metadata is None else json.loads(event.metadata),
        )


@shows(model.Session, prefix="session", get=lambda services: services.analytics.session)
@strawberry.type
class Session(Node):
    """One user's run of something, summed up from its events. Kept for 90 days after its last event."""

    session_id: str
    """What the sender calls it; unique in the project."""
    project_id: strawberry.ID | None
    """The project that it is of."""
    user_id: str | None
    """Whose it is: a user of the backend, as the sender calls them."""
    agent_id: str | None
    """The first agent that took part."""
    environment: str | None
    """Where, such as `production`."""
    started_at: datetime
    """When its earliest event happened."""
    last_event_at: datetime
    """When its latest event happened."""
    ended_at: datetime | None
    """When SESSION_END happened; null while it goes on, or where nobody said that it ended."""
    event_count: Long
    """How many events it has."""
    error_count: Long
    """How many of them failed."""
    input_tokens: Long
    """Tokens of all prompts."""
    output_tokens: Long
    """Tokens of all answers."""
    cost_micros: Long
    """What it cost, in millionths of a US dollar."""
    record: strawberry.Private[model.Session]

    @strawberry.field
    async def events(self, info: Info, first: First = 20, after: After = None) -> Connection[AnalyticsEvent]:
        """Its events, in the order in which they happened."""
        page = await info.context.services.analytics.events_of(self.record, PageRequest(first, after))
        return connection(page, AnalyticsEvent.of, after=after)

    @classmethod
    def of(cls, session: model.Session) -> Self:
        return cls(
            id=strawberry.ID(session.id),
            session_id=session.session,
            project_id=None if session.project_id is None else strawberry.ID(session.project_id),
            user_id=session.user,
            agent_id=session.agent_id,
            environment=session.environment,
            started_at=session.started_at,
            last_event_at=session.last_event_at,
            ended_at=session.ended_at,
            event_count=Long(session.events),
            error_count=Long(session.errors),
            input_tokens=Long(session.input_tokens),
            output_tokens=Long(session.output_tokens),
            cost_micros=Long(session.cost_micros),
            record=session,
        )


@strawberry.type
class Durations:
    """How long things took, of all events that say so. Percentiles are right to a tenth."""

    count: Long
    """How many events say how long they took."""
    mean_ms: float
    """The mean, in milliseconds; exact."""
    p50_ms: Long
    """Half took at most so many milliseconds."""
    p95_ms: Long
    """95 % took at most so many milliseconds."""
    p99_ms: Long
    """99 % took at most so many milliseconds."""

    @classmethod
    def of(cls, tally: Tally) -> Self | None:
        count = tally.counts["durations"]
        if count == 0:
            return None
        return cls(
            count=Long(count),
            mean_ms=tally.counts["durationMs"] / count,
            p50_ms=Long(tally.duration(50) or 0),
            p95_ms=Long(tally.duration(95) or 0),
            p99_ms=Long(tally.duration(99) or 0),
        )


@strawberry.type
class EventTypeTotal:
    """How often one type of event happened."""

    type: EventType
    """The type."""
    count: Long
    """How many events of it there were."""
    error_count: Long
    """How many of them failed."""


@strawberry.type
class MetricTotals:
    """Everything that was counted in some time."""

    event_count: Long
    """Events of all types."""
    error_count: Long
    """Events that failed."""
    session_count: Long
    """Sessions that began."""
    unique_sessions: Long | None
    """Different sessions that had events, by their ids, to about 3 %; of whole days, as `activeUsers`. Null for an
    hour."""
    active_users: Long | None
    """Different users, to about 3 %; of whole days, even where the time begins or ends within one. Null for an
    hour."""
    success_rate: float | None
    """The part of all tasks that was completed, 0 to 1; null where no task ended."""
    input_tokens: Long
    """Tokens of prompts."""
    output_tokens: Long
    """Tokens of answers."""
    cost_micros: Long
    """Cost in millionths of a US dollar; exact."""
    durations: Durations | None
    """How long things took; null where no event says so."""
    by_type: Annotated[list[EventTypeTotal], AtMost(len(EventType))]
    """The types that there were, in the order of EventType."""

    @classmethod
    def of(cls, tally: Tally, *, with_users: bool = True) -> Self:
        completed, failed = tally.of_type(EventType.TASK_COMPLETE), tally.of_type(EventType.TASK_ERROR)
        return cls(
            event_count=Long(tally.events),
            error_count=Long(tally.errors),
            session_count=Long(tally.of_type(EventType.SESSION_START)),
            unique_sessions=Long(tally.unique_sessions) if with_users else None,
            active_users=Long(tally.active_users) if with_users else None,
            success_rate=completed / (completed + failed) if completed + failed else None,
            input_tokens=Long(tally.counts["inputTokens"]),
            output_tokens=Long(tally.counts["outputTokens"]),
            cost_micros=Long(tally.counts["costMicros"]),
            durations=Durations.of(tally),
            by_type=[
                EventTypeTotal(type=kind, count=Long(tally.of_type(kind)), error_count=Long(tally.failures_of(kind)))
                for kind in EventType
                if tally.of_type(kind)
            ],
        )


@strawberry.type
class MetricsOverview:
    """Totals of a time, which is whole hours."""

    start: datetime
    """Where it begins."""
    end: datetime
    """Where it ends; this moment is no longer in it."""
    totals: MetricTotals
    """What was counted."""

    @classmethod
    def of(cls, overview: service.Overview) -> Self:
        return cls(start=overview.range.start, end=overview.range.end, totals=MetricTotals.of(overview.tally))


@strawberry.type
class MetricPoint:
    """A metric's value in one hour or day."""

    at: datetime
    """Where the hour or day begins."""
    value: Long | None
    """The value; null only for a duration where nothing had one."""

    @classmethod
    def of(cls, point: service.Point) -> Self:
        return cls(at=point.at, value=None if point.value is None else Long(point.value))


@strawberry.type
class LiveMetrics:
    """Totals that go on."""

    at: datetime
    """When they were read."""
    today: MetricTotals
    """Of the day that goes on, in UTC."""
    this_hour: MetricTotals
    """Of the hour that goes on."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        return cls(
            at=snapshot.at,
            today=MetricTotals.of(snapshot.day),
            this_hour=MetricTotals.of(snapshot.hour, with_users=False),
        )
