"""Summing up sessions from their events as they come."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from services.analytics.model import EVENTS_KEPT, AnalyticsEvent, EventType, Session
from services.core.ids import ProjectId, SessionId, TeamId, derived_id


def session_id_of(team_id: TeamId, project_id: ProjectId | None, session: str) -> SessionId:
    """Return the id of a session: always the same for what a project of a team calls by one name."""
    return SessionId(derived_id("session", team_id, project_id or "", session))


def key_of(team_id: TeamId, name: str | None) -> str | None:
    """Return the key by which a team's sessions of a user or an agent are found."""
    return None if name is None else f"{team_id}#{name}"


def with_events(old: Session | None, events: Sequence[AnalyticsEvent], *, now: datetime) -> Session:
    """Return the session with further events counted in."""
    first = min(events, key=lambda event: event.timestamp)
    session = old or _begun_with(first, now=now)
    last_event_at = max(session.last_event_at, *(event.timestamp for event in events))
    user = session.user or _first_known(event.user for event in events)
    agent_id = session.agent_id or _first_known(event.agent_id for event in events)
    ends = [event.timestamp for event in events if event.type is EventType.SESSION_END]
    return replace(
        session,
        user=user,
        agent_id=agent_id,
        user_key=key_of(session.team_id, user),
        agent_key=key_of(session.team_id, agent_id),
        environment=session.environment or _first_known(event.environment for event in events),
        started_at=min(session.started_at, first.timestamp),
        last_event_at=last_event_at,
        ended_at=max([*ends, *([session.ended_at] if session.ended_at else [])], default=None),
        events=session.events + len(events),
        errors=session.errors + sum(event.failed for event in events),
        input_tokens=session.input_tokens + sum(event.input_tokens for event in events),
        output_tokens=session.output_tokens + sum(event.output_tokens for event in events),
        cost_micros=session.cost_micros + sum(event.cost_micros for event in events),
        expires_at=int((last_event_at + EVENTS_KEPT).timestamp()),
        version=old.version + 1 if old else 1,
        updated_at=now,
    )


def _begun_with(first: AnalyticsEvent, *, now: datetime) -> Session:
    if first.session_id is None or first.session is None:
        raise ValueError("The event is of no session.")
    return Session(
        id=first.session_id,
        team_id=first.team_id,
        project_id=first.project_id,
        session=first.session,
        started_at=first.timestamp,
        last_event_at=first.timestamp,
        created_at=now,
        updated_at=now,
        expires_at=0,
    )


def _first_known(texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text is not None), None)
