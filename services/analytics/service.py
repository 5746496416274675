"""What is done with analytics: API keys record events, and whoever sees a team sees its totals."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from services.analytics.ingest import Ingest
from services.analytics.live import Live, Snapshot
from services.analytics.model import AnalyticsEvent, EventType, Session
from services.analytics.rollups import Interval, Part, Rollups, Tally, holder_of
from services.analytics.sessions import key_of
from services.analytics.validation import TEXT_LENGTH, EventCode, NewEvent, Rejected, checked
from services.core.actor import Actor, Scope
from services.core.clock import Clock, iso
from services.core.errors import Forbidden, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import ProjectId, SessionId, TeamId
from services.core.pages import Page, PageRequest
from services.core.policy import Action, allows, require
from services.foundation.limits.rate_limit import RateLimiter
from services.projects.service import Projects

BATCH: Final = 1000
DEFAULT_SPAN: Final = timedelta(days=30)
MOST_SPAN: Final = {Interval.HOUR: timedelta(days=92), Interval.DAY: timedelta(days=366)}
FIRST_YEAR: Final = 2000
_MILLISECOND: Final = timedelta(milliseconds=1)
_LAST_YEAR: Final = 9998
_EARLIEST: Final = "0001-01-01T00:00:00.000Z"
_LATEST: Final = "9999-12-31T23:59:59.999Z"


class Metric(Enum):
    """A number that changes over time."""

    EVENTS = "EVENTS"
    """Events of all types."""
    ERRORS = "ERRORS"
    """Events that failed."""
    SESSIONS = "SESSIONS"
    """Sessions that began."""
    UNIQUE_SESSIONS = "UNIQUE_SESSIONS"
    """Different sessions that had events, by their ids, to about 3 %. By days only."""
    ACTIVE_USERS = "ACTIVE_USERS"
    """Different users, to about 3 %. By days only."""
    TASKS_COMPLETED = "TASKS_COMPLETED"
    """Tasks that were done."""
    TASKS_FAILED = "TASKS_FAILED"
    """Tasks that were not."""
    MODEL_CALLS = "MODEL_CALLS"
    """Times that a language model was asked."""
    TOOL_CALLS = "TOOL_CALLS"
    """Times that a tool was used."""
    REQUESTS = "REQUESTS"
    """Requests that backends answered."""
    GENERATIONS = "GENERATIONS"
    """Generations that ended."""
    DEPLOYMENTS = "DEPLOYMENTS"
    """Deployments that went live."""
    INPUT_TOKENS = "INPUT_TOKENS"
    """Tokens of prompts."""
    OUTPUT_TOKENS = "OUTPUT_TOKENS"
    """Tokens of answers."""
    COST_MICROS = "COST_MICROS"
    """Cost in millionths of a US dollar; exact."""
    DURATION_P50 = "DURATION_P50"
    """The median duration in milliseconds, to a tenth; null where nothing had a duration."""
    DURATION_P95 = "DURATION_P95"
    """The duration in milliseconds that 95 % keep within, to a tenth; null where nothing had a duration."""


_VALUES: Final[Mapping[Metric, Callable[[Tally], int | None]]] = {
    Metric.EVENTS: lambda tally: tally.events,
    Metric.ERRORS: lambda tally: tally.errors,
    Metric.SESSIONS: lambda tally: tally.of_type(EventType.SESSION_START),
    Metric.UNIQUE_SESSIONS: lambda tally: tally.unique_sessions,
    Metric.ACTIVE_USERS: lambda tally: tally.active_users,
    Metric.TASKS_COMPLETED: lambda tally: tally.of_type(EventType.TASK_COMPLETE),
    Metric.TASKS_FAILED: lambda tally: tally.of_type(EventType.TASK_ERROR),
    Metric.MODEL_CALLS: lambda tally: tally.of_type(EventType.MODEL_CALL),
    Metric.TOOL_CALLS: lambda tally: tally.of_type(EventType.TOOL_CALL),
    Metric.REQUESTS: lambda tally: tally.of_type(EventType.REQUEST),
    Metric.GENERATIONS: lambda tally: tally.of_type(EventType.GENERATION),
    Metric.DEPLOYMENTS: lambda tally: tally.of_type(EventType.DEPLOYMENT_LIVE),
    Metric.INPUT_TOKENS: lambda tally: tally.counts["inputTokens"],
    Metric.OUTPUT_TOKENS: lambda tally: tally.counts["outputTokens"],
    Metric.COST_MICROS: lambda tally: tally.counts["costMicros"],
    Metric.DURATION_P50: lambda tally: tally.duration(50),
    Metric.DURATION_P95: lambda tally: tally.duration(95),
}


BY_DAYS: Final = frozenset({Metric.ACTIVE_USERS, Metric.UNIQUE_SESSIONS})


@frozen
class Outcome:
    """What became of the event at a place in its batch."""

    index: int
    event_id: str | None
    code: EventCode
    field: str | None = None
    message: str | None = None


@frozen
class TimeRange:
    """From `start` to before `end`."""

    start: datetime
    end: datetime


@frozen
class SessionsOf:
    """Which sessions: of a user, with an agent, or both; None for whichever."""

    user: str | None = None
    agent_id: str | None = None


ANY_SESSION: Final = SessionsOf()


@frozen
class Overview:
    """The totals of a time, which is whole hours."""

    range: TimeRange
    tally: Tally


@frozen
class Point:
    """A metric's value in the period that begins at `at`."""

    at: datetime
    value: int | None


@frozen(kw_only=True)
class Analytics:
    ingest: Ingest
    rollups: Rollups
    live: Live
    projects: Projects
    rates: RateLimiter
    new_name: Callable[[], str]
    """Names a batch, differently from others of a minute."""
    now: Clock

    async def record(self, batch: Sequence[NewEvent], *, by: Actor) -> Sequence[Outcome]:
        """Record the good events of a batch for the team of an API key, and say what became of each.

        Sending a batch again is safe: an event id counts once in its team. Each batch counts in the rate of its key, a
        refused one too.
        """
        if by.scopes is None or Scope.ANALYTICS not in by.scopes:
            raise Forbidden("Events are recorded with an API key that has the scope ANALYTICS.")
        await self.rates.take("recordEvents", self.new_name(), by=by.key_id or by.user_id)
        if not 1 <= len(batch) <= BATCH:
            raise Invalid.one(f"events must hold 1 to {BATCH:,}; this holds {len(batch):,}.", "events")
        team_id = by.personal_team_id
        own = await self._own_projects({new.project_id for new in batch if new.project_id}, team_id)
        outcomes: list[Outcome] = []
        good: dict[str, AnalyticsEvent] = {}
        for index, new in enumerate(batch):
            try:
                event = self._checked(new, team_id, own)
            except Rejected as fault:
                outcomes.append(Outcome(index, new.id, fault.code, fault.field, fault.message))
                continue
            code = EventCode.DUPLICATE if event.event_id in good else EventCode.ACCEPTED
            good.setdefault(event.event_id, event)
            outcomes.append(Outcome(index, event.event_id, code))
        repeated = await self._store(list(good.values()))
        return [
            Outcome(outcome.index, outcome.event_id, EventCode.DUPLICATE)
            if outcome.code is EventCode.ACCEPTED and outcome.event_id in repeated
            else outcome
            for outcome in outcomes
        ]

    async def note(self, event: AnalyticsEvent) -> None:
        """Record an event of Snapinfra's own, once however often it is noted."""
        await self._store([event])

    async def overview(
        self,
        team_id: TeamId | None,
        project_id: ProjectId | None,
        asked: TimeRange | None,
        *,
        part: Part | None = None,
        by: Actor,
    ) -> Overview:
        """Return the totals of a team or one of its projects, or a part of them; without a time of the last 30 days.

        The time grows to whole hours, and is at most 366 days.
        """
        holder = await self._holder(team_id, project_id, part, by=by)
        time = self._whole(asked, Interval.HOUR, most=MOST_SPAN[Interval.DAY])
        return Overview(time, await self.rollups.total(holder, time.start, time.end))

    async def series(
        self,
        metric: Metric,
        interval: Interval,
        *,
        team_id: TeamId | None,
        project_id: ProjectId | None,
        asked: TimeRange | None,
        part: Part | None = None,
        by: Actor,
    ) -> Sequence[Point]:
        """Return a metric's value in each period of a time, also where nothing happened.

        The time grows to whole periods, and is at most 92 days of hours or 366 days.
        """
        if metric in BY_DAYS and interval is Interval.HOUR:
            raise Invalid.one(f"{metric.value} is known by days only: ask for the interval DAY.", "interval")
        holder = await self._holder(team_id, project_id, part, by=by)
        time = self._whole(asked, interval, most=MOST_SPAN[interval])
        tallies = await self.rollups.read(holder, interval, time.start, time.end)
        value = _VALUES[metric]
        nothing = value(Tally())
        count = (time.end - time.start) // interval.length
        moments = [time.start + number * interval.length for number in range(count)]
        return [Point(moment, value(tallies[moment]) if moment in tallies else nothing) for moment in moments]

    async def sessions(
        self,
        page: PageRequest,
        *,
        team_id: TeamId | None,
        project_id: ProjectId | None,
        of: SessionsOf = ANY_SESSION,
        began: TimeRange | None = None,
        by: Actor,
    ) -> Page[Session]:
        """Return the sessions of a team or one of its projects, those that began last first."""
        team = await self.team_with(team_id, project_id, by=by)
        if len(of.user or "") > TEXT_LENGTH or len(of.agent_id or "") > TEXT_LENGTH:
            raise Invalid.one(f"A name has at most {TEXT_LENGTH} characters.", "filter")
        ways = (
            ("UserIndex", "user", key_of(team, of.user), of.user),
            ("AgentIndex", "agentId", key_of(team, of.agent_id), of.agent_id),
            ("ProjectIdIndex", "projectId", project_id, project_id),
        )
        index, partition, where = "TeamIdIndex", str(team), dict[str, str]()
        for name, attribute, key, value in reversed(ways):  # so that the first of them is looked up
            if key is not None and value is not None:
                index, partition, where = name, key, {**where, attribute: value}
        return await self.ingest.sessions.query(index, partition, page, where=where, between=sort_keys(began))

    async def session(self, session_id: SessionId, *, by: Actor) -> Session:
        """Return a session."""
        session = await self.ingest.sessions.find(session_id)
        return require(by, Action.VIEW, session, missing=NotFound("session", session_id))

    async def events_of(self, session: Session, page: PageRequest) -> Page[AnalyticsEvent]:
        """Return the events of a session that the caller was given, in the order in which they happened."""
        return await self.ingest.events.query("SessionIdIndex", session.id, page, newest_first=False)

    @asynccontextmanager
    async def follow(
        self, team_id: TeamId | None, project_id: ProjectId | None, *, by: Actor
    ) -> AsyncGenerator[AsyncIterator[Snapshot]]:
        """Follow the totals of today and of this hour."""
        holder = await self._holder(team_id, project_id, None, by=by)
        async with self.live.follow(holder) as snapshots:
            yield snapshots

    async def _store(self, events: Sequence[AnalyticsEvent]) -> set[str]:
        repeated = await self.ingest.store(events)
        news = [event for event in events if event.event_id not in repeated]
        await self.live.tell(
            {holder_of(event.team_id, project_id) for event in news for project_id in (None, event.project_id)}
        )
        return repeated

    def _checked(self, new: NewEvent, team_id: TeamId, own: set[str]) -> AnalyticsEvent:
        event = checked(new, team_id=team_id, now=self.now())
        if event.project_id is not None and event.project_id not in own:
            raise Rejected(EventCode.NOT_FOUND, "projectId", f"No project with the id '{event.project_id}'.")
        return event

    async def _own_projects(self, project_ids: set[str], team_id: TeamId) -> set[str]:
        projects = await asyncio.gather(*(self.projects.find(ProjectId(project_id)) for project_id in project_ids))
        return {project.id for project in projects if project is not None and project.team_id == team_id}

    async def team_with(self, team_id: TeamId | None, project_id: ProjectId | None, *, by: Actor) -> TeamId:
        """Return a team (None: the actor's own) that they see and that has the project, where one is given."""
        team = self._team(team_id, by=by)
        if project_id is not None:
            await self._project(project_id, team, by=by)
        return team

    async def _holder(
        self, team_id: TeamId | None, project_id: ProjectId | None, part: Part | None, *, by: Actor
    ) -> str:
        if part is not None and len(part[1]) > TEXT_LENGTH:
            raise Invalid.one(f"A name has at most {TEXT_LENGTH} characters.", "filter")
        return holder_of(await self.team_with(team_id, project_id, by=by), project_id, part)

    def _team(self, team_id: TeamId | None, *, by: Actor) -> TeamId:
        team = by.personal_team_id if team_id is None else team_id
        if not allows(by, Action.VIEW, team):
            raise NotFound("team", team)
        return team

    async def _project(self, project_id: ProjectId, team_id: TeamId, *, by: Actor) -> None:
        if (await self.projects.get(project_id, by=by)).team_id != team_id:
            raise NotFound("project", project_id)

    def _whole(self, asked: TimeRange | None, interval: Interval, *, most: timedelta) -> TimeRange:
        now = self.now()
        time = asked or TimeRange(now - DEFAULT_SPAN, now)
        if not time.start < time.end:
            raise Invalid.one("end must be after start.", "range", "end")
        if time.start.year < FIRST_YEAR or time.end - now > MOST_SPAN[Interval.DAY]:
            raise Invalid.one(f"range must lie between {FIRST_YEAR} and a year from now.", "range")
        whole = TimeRange(interval.floor(time.start), interval.ceil(time.end))
        if whole.end - whole.start > most:
            raise Invalid.one(f"range must be at most {most.days} days.", "range")
        return whole


def sort_keys(time: TimeRange | None) -> tuple[str, str]:
    """Return the first and the last sort key that a time has, to the millisecond; without one, all have."""
    if time is None:
        return _EARLIEST, _LATEST
    if time.end - time.start < _MILLISECOND:
        raise Invalid.one("end must be after start.", "range", "end")
    if not (time.start.year >= FIRST_YEAR and time.end.year <= _LAST_YEAR):
        raise Invalid.one(f"range must lie between {FIRST_YEAR} and {_LAST_YEAR}.", "range")
    return iso(time.start), iso(time.end - _MILLISECOND)
