"""Recording events, asking for totals, and watching them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from strawberry.scalars import JSON

from resolvers.analytics.objects import LiveMetrics, MetricPoint, MetricsOverview, Session
from resolvers.context import Info
from resolvers.errors import UserErrors
from resolvers.lists import AsLongAs, AtMost
from resolvers.mutations import Payload, mutation
from resolvers.paging import After, Connection, First, connection
from resolvers.scalars import Long
from services.analytics import service
from services.analytics.rollups import Interval, Part
from services.analytics.service import BATCH, Metric
from services.analytics.validation import EventCode, NewEvent
from services.core.ids import ProjectId, SessionId, TeamId
from services.core.pages import PageRequest


@strawberry.input
class AnalyticsEventInput:
    """Something that happened. Types, times and numbers are checked event by event: a bad one costs no other."""

    id: str | None = None
    """Required. A name of your choice, unique in the team: 1 to 100 letters, digits, and any of `_ . : -`. Recording it
    again counts once."""
    type: str | None = None
    """Required. One of EventType, without those that only Snapinfra records; small letters (`session_start`) do."""
    timestamp: str | None = None
    """Required. When it happened, in ISO 8601 with a zone: within the last 31 days."""
    project_id: strawberry.ID | None = None
    """The project that it happened in; null counts for the team alone."""
    session_id: str | None = None
    """The session that it is part of, in at most 200 characters on one line; SESSION_START and SESSION_END need it."""
    user_id: str | None = None
    """Whose doing it was, in one line of at most 200 characters: a user of your backend, as you call them."""
    agent_id: str | None = None
    """Which agent did it, in one line of at most 200 characters."""
    environment: str | None = None
    """Where, such as `production`, in one line of at most 200 characters."""
    status: str | None = None
    """OK or ERROR; null means OK. TASK_ERROR and ERROR are always failures."""
    name: str | None = None
    """What exactly, in one line of at most 200 characters: a tool, a route, the name of a CUSTOM event."""
    duration_ms: float | None = None
    """How long it took: 0 to 86,400,000 milliseconds; rounded to whole ones."""
    input_tokens: Long | None = None
    """Tokens of the prompt, up to 1,000,000,000."""
    output_tokens: Long | None = None
    """Tokens of the answer, up to 1,000,000,000."""
    cost_micros: Long | None = None
    """What it cost, in millionths of a US dollar: up to 1,000,000,000."""
    metadata: JSON | None = None
    """Anything else, as an object of at most 4,096 bytes of JSON in UTF-8, nested 5 deep at most."""


@strawberry.input
class RecordEventsInput:
    """Events to record."""

    events: Annotated[list[AnalyticsEventInput], AtMost(BATCH)]
    """The events: at least one."""


@strawberry.type
class EventOutcome:
    """What became of one event."""

    index: int
    """Its place in the batch, from 0."""
    event_id: str | None
    """Its id, as it was sent."""
    code: EventCode
    """ACCEPTED, DUPLICATE, or what is wrong with it."""
    field: str | None
    """The field that is wrong."""
    message: str | None
    """What is wrong, as a sentence."""


@strawberry.type
class RecordEventsPayload(Payload):
    """What became of the events."""

    accepted_count: int = 0
    """How many are recorded now."""
    duplicate_count: int = 0
    """How many were recorded before."""
    rejected_count: int = 0
    """How many were refused; the others are recorded all the same."""
    outcomes: Annotated[list[EventOutcome], AtMost(BATCH, weighs=100)] | None = None
    """The result for each event, in the order of the batch; null where there are user errors: nothing was recorded."""
    user_errors: UserErrors = strawberry.field(default_factory=list)
    """What you can correct about the batch as a whole; empty on success."""

    @classmethod
    def of(cls, outcomes: Sequence[service.Outcome]) -> Self:
        codes = [outcome.code for outcome in outcomes]
        accepted, duplicate = codes.count(EventCode.ACCEPTED), codes.count(EventCode.DUPLICATE)
        return cls(
            accepted_count=accepted,
            duplicate_count=duplicate,
            rejected_count=len(codes) - accepted - duplicate,
            outcomes=[
                EventOutcome(
                    index=outcome.index,
                    event_id=outcome.event_id,
                    code=outcome.code,
                    field=outcome.field,
                    message=outcome.message,
                )
                for outcome in outcomes
            ],
        )


@strawberry.input
class TimeRange:
    """A time. Totals grow it to whole hours or days in UTC."""

    start: datetime
    """Where it begins."""
    end: datetime
    """Where it ends; this moment is no longer in it."""


@strawberry.input
class SessionFilter:
    """Which sessions. Those whose last event came before there was this filter are not found by it."""

    user_id: str | None = None
    """Of this user of the backend, as the sender calls them."""
    agent_id: str | None = None
    """With this agent as the first that took part."""


@strawberry.input(one_of=True)
class MetricsFilter:
    """A part of what is counted: exactly one of these."""

    agent_id: strawberry.Maybe[str]
    """What this agent did. The first 1,000 agents of a team are counted by themselves, all others as `*`."""
    environment: strawberry.Maybe[str]
    """What happened here, such as `production`. Likewise the first 100, all others as `*`."""

    def part(self) -> Part:
        if self.agent_id is not None:
            return "agent", self.agent_id.value
        assert self.environment is not None  # noqa: S101 - GraphQL has checked that one of the two is given
        return "environment", self.environment.value


FilterArgument = Annotated[
    MetricsFilter | None,
    strawberry.argument(description="Count only one agent or environment; null counts all."),
]
TeamArgument = Annotated[
    strawberry.ID | None, strawberry.argument(description="The team; null means your personal team.")
]
ProjectArgument = Annotated[
    strawberry.ID | None, strawberry.argument(description="One of the team's projects; null means the whole team.")
]


def _points(arguments: Mapping[str, Any]) -> int:
    """Return how many points a series has; as many as it can have where its times are none."""
    interval = Interval.DAY if arguments.get("interval") == Interval.DAY.value else Interval.HOUR
    asked: Any = arguments.get("range")
    longest = service.MOST_SPAN[interval]
    if asked is None:
        return service.DEFAULT_SPAN // interval.length + 2
    span = longest
    with suppress(TypeError, ValueError, LookupError, AttributeError):
        span = datetime.fromisoformat(asked["end"]) - datetime.fromisoformat(asked["start"])
    return max(0, min(span, longest) // interval.length) + 2  # the first and last period are filled up


@strawberry.type
class AnalyticsQuery:
    @strawberry.field
    async def metrics_overview(
        self,
        info: Info,
        team_id: TeamArgument = None,
        project_id: ProjectArgument = None,
        range: Annotated[
            TimeRange | None, strawberry.argument(description="At most 366 days; null means the last 30.")
        ] = None,
        filter: FilterArgument = None,
    ) -> MetricsOverview | None:
        """Sum up a time."""
        overview = await info.context.services.analytics.overview(
            optional_team(team_id),
            _project(project_id),
            optional_range(range),
            part=filter.part() if filter else None,
            by=info.context.actor,
        )
        return MetricsOverview.of(overview)

    @strawberry.field
    async def metrics_series(
        self,
        info: Info,
        metric: Annotated[Metric, strawberry.argument(description="What to look at.")],
        interval: Annotated[Interval, strawberry.argument(description="Point by hour, or by day.")],
        *,
        team_id: TeamArgument = None,
        project_id: ProjectArgument = None,
        range: Annotated[
            TimeRange | None,
            strawberry.argument(description="At most 92 days of hours, or 366 days; null means the last 30 days."),
        ] = None,
        filter: FilterArgument = None,
    ) -> Annotated[list[MetricPoint], AsLongAs(_points)] | None:
        """Return a metric's value in every hour or day of a time, oldest first, also where nothing happened."""
        points = await info.context.services.analytics.series(
            metric,
            interval,
            team_id=optional_team(team_id),
            project_id=_project(project_id),
            asked=optional_range(range),
            part=filter.part() if filter else None,
            by=info.context.actor,
        )
        return [MetricPoint.of(point) for point in points]

    @strawberry.field
    async def session(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The session.")]
    ) -> Session | None:
        """Return one session."""
        return Session.of(await info.context.services.analytics.session(SessionId(id), by=info.context.actor))

    @strawberry.field
    async def sessions(
        self,
        info: Info,
        team_id: TeamArgument = None,
        project_id: ProjectArgument = None,
        *,
        filter: Annotated[SessionFilter | None, strawberry.argument(description="Which ones; null means all.")] = None,
        range: Annotated[
            TimeRange | None,
            strawberry.argument(description="When they began, to the millisecond; null means all that are kept."),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Session]:
        """List sessions, those that began last first."""
        page = await info.context.services.analytics.sessions(
            PageRequest(first, after),
            team_id=optional_team(team_id),
            project_id=_project(project_id),
            of=service.ANY_SESSION if filter is None else service.SessionsOf(filter.user_id, filter.agent_id),
            began=optional_range(range),
            by=info.context.actor,
        )
        return connection(page, Session.of, after=after)


@strawberry.type
class AnalyticsMutation:
    @mutation("The batch.")
    async def record_events(self, info: Info, input: RecordEventsInput) -> RecordEventsPayload:
        """Record events for the team of your API key, which needs the scope ANALYTICS. A retry is safe: event ids count
        once. A key may send 100 batches a minute, unless the server is set otherwise; beyond that, RATE_LIMITED says in
        `retryAfterMs` when to come again, and nothing is recorded.
        """
        batch = [NewEvent(**vars(event)) for event in input.events]
        return RecordEventsPayload.of(await info.context.services.analytics.record(batch, by=info.context.actor))


@strawberry.type
class AnalyticsSubscription:
    @strawberry.subscription
    async def metrics(
        self, info: Info, team_id: TeamArgument = None, project_id: ProjectArgument = None
    ) -> AsyncGenerator[LiveMetrics, None]:
        """Watch the totals of today and of this hour: as they are, then whenever they change, at most once a second. It
        does not end, and there is nothing to resume: each is the whole.
        """
        analytics, actor = info.context.services.analytics, info.context.actor
        async with analytics.follow(optional_team(team_id), _project(project_id), by=actor) as snapshots:
            async for snapshot in snapshots:
                yield LiveMetrics.of(snapshot)


def optional_team(team_id: strawberry.ID | None) -> TeamId | None:
    return None if team_id is None else TeamId(team_id)


def _project(project_id: strawberry.ID | None) -> ProjectId | None:
    return None if project_id is None else ProjectId(project_id)


def optional_range(range: TimeRange | None) -> service.TimeRange | None:
    return None if range is None else service.TimeRange(range.start, range.end)
