"""The records of analytics: the event, the session that it is part of, and the rollups that count it."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from services.core.ids import ProjectId, SessionId, TeamId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, Index, TableSpec

EVENTS_KEPT: Final = timedelta(days=90)
"""How long an event and its session can be read, and how long a repeat of it is known as one."""


class EventType(Enum):
    """What happened."""

    SESSION_START = "SESSION_START"
    """A user began to use something; needs a sessionId."""
    SESSION_END = "SESSION_END"
    """A user has finished; needs a sessionId."""
    TASK_COMPLETE = "TASK_COMPLETE"
    """An agent or a backend did what it was asked for."""
    TASK_ERROR = "TASK_ERROR"
    """It did not succeed; always a failure."""
    MODEL_CALL = "MODEL_CALL"
    """A language model was asked."""
    TOOL_CALL = "TOOL_CALL"
    """An agent used a tool."""
    REQUEST = "REQUEST"
    """A backend answered a request."""
    ERROR = "ERROR"
    """Something went wrong; always a failure."""
    CUSTOM = "CUSTOM"
    """Anything else; `name` says what."""
    GENERATION = "GENERATION"
    """A generation ended. Recorded by Snapinfra only."""
    DEPLOYMENT_LIVE = "DEPLOYMENT_LIVE"
    """A deployment answered for the first time. Recorded by Snapinfra only."""
    DEPLOYMENT = "DEPLOYMENT"
    """A deployment ended. Recorded by Snapinfra only."""


OWN_TYPES: Final = frozenset({EventType.GENERATION, EventType.DEPLOYMENT_LIVE, EventType.DEPLOYMENT})
FAILURES: Final = frozenset({EventType.TASK_ERROR, EventType.ERROR})
OF_SESSIONS: Final = frozenset({EventType.SESSION_START, EventType.SESSION_END})


class EventStatus(Enum):
    """How it went."""

    OK = "OK"
    """As it should."""
    ERROR = "ERROR"
    """It failed."""


class AnalyticsEvent(Entity, frozen=True, kw_only=True, rename="camel"):
    """Something that happened in a backend, with an agent, or in Snapinfra itself.

    `id` and the keys of indexes carry the team, so that no two teams share one.
    `created_at` is when it was recorded, `timestamp` when it happened.
    """

    timestamp: datetime
    team_id: TeamId
    event_id: str
    type: EventType
    status: EventStatus = EventStatus.OK
    metric: str
    """Team and type."""
    project_id: ProjectId | None = None
    session_id: SessionId | None = None
    session: str | None = None
    """What the sender calls the session."""
    user_id: str | None = None
    """Team and user."""
    user: str | None = None
    agent_id: str | None = None
    environment: str | None = None
    name: str | None = None
    duration_ms: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    """Millionths of a US dollar: whole numbers add up exactly."""
    metadata: str | None = None
    """JSON."""
    expires_at: int

    @property
    def failed(self) -> bool:
        return self.status is EventStatus.ERROR


ANALYTICS: Final = TableSpec(
    "analytics",
    AnalyticsEvent,
    fate=(EXPIRES,),
    sort="timestamp",
    indexes=(
        Index("UserIdTimestampIndex", "userId", "timestamp"),
        Index("ProjectIdIndex", "projectId", "timestamp"),
        Index("MetricIndex", "metric", "timestamp"),
        Index("SessionIdIndex", "sessionId", "timestamp"),
        Index("TeamIdIndex", "teamId", "timestamp"),
    ),
    ttl="expiresAt",
)


class Session(Entity, frozen=True, kw_only=True, rename="camel"):
    """One user's run of something, by its events.

    Events may come late and in any order: `started_at` is the earliest, `last_event_at` the latest seen so far.
    """

    id: SessionId
    team_id: TeamId
    project_id: ProjectId | None = None
    session: str
    """What the sender calls it."""
    user: str | None = None
    agent_id: str | None = None
    user_key: str | None = None
    """Team and user; None in sessions from before they were listed by user, and so for the agent."""
    agent_key: str | None = None
    """Team and agent."""
    environment: str | None = None
    started_at: datetime
    last_event_at: datetime
    ended_at: datetime | None = None
    """When SESSION_END happened."""
    events: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    expires_at: int


SESSIONS: Final = TableSpec(
    "analytics-sessions",
    Session,
    fate=(EXPIRES,),
    indexes=(
        Index("TeamIdIndex", "teamId", "startedAt"),
        Index("ProjectIdIndex", "projectId", "startedAt"),
        Index("UserIndex", "userKey", "startedAt"),
        Index("AgentIndex", "agentKey", "startedAt"),
    ),
    ttl="expiresAt",
)


ROLLUPS_KEPT: Final = timedelta(days=400)
"""A year and a month: last year's month can be compared with this one's."""


class Rollup(Entity, frozen=True, kw_only=True, rename="camel"):
    """An hour's or a day's counts, in attributes that come into being with their first event; see `Tally`.

    `id` is the holder, `period` the hour ("H2026-01-31T13") or the day ("D2026-01-31"), in UTC.
    """

    period: str
    expires_at: int


ROLLUPS: Final = TableSpec("analytics-rollups", Rollup, fate=(EXPIRES,), sort="period", ttl="expiresAt")
