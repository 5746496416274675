"""What an event must be to be recorded; one code per kind of fault."""

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeVar, cast

from services.analytics.model import (
    EVENTS_KEPT,
    FAILURES,
    OF_SESSIONS,
    OWN_TYPES,
    AnalyticsEvent,
    EventStatus,
    EventType,
)
from services.analytics.sessions import session_id_of
from services.core.clock import moment_in
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId
from services.core.text import Kind, flaw, is_storable

MOST_AGE: Final = timedelta(days=31)
"""How long ago an event may have happened: clients that were offline, and a month of history to begin with."""
MOST_AHEAD: Final = timedelta(minutes=5)
"""How wrong a client's clock may be."""
TEXT_LENGTH: Final = 200
METADATA_BYTES: Final = 4096
METADATA_DEPTH: Final = 5
MOST_MS: Final = 24 * 3600 * 1000
MOST_TOKENS: Final = 1_000_000_000
MOST_MICROS: Final = 1_000_000_000

_EVENT_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)
"""Snapinfra's own events have a slash in theirs, so that nobody can take an id from them."""


_TYPES: Final = {name: kind for kind in EventType if kind not in OWN_TYPES for name in (kind.name, kind.name.lower())}
"""Types that may be recorded, by their names, which may be in small letters: `session_start`."""


class EventCode(Enum):
    """What became of an event."""

    ACCEPTED = "ACCEPTED"
    """It is recorded and counted."""
    DUPLICATE = "DUPLICATE"
    """An event with this id was recorded before, or comes earlier in the batch; it counts once."""
    MISSING_FIELD = "MISSING_FIELD"
    """`field` must be there."""
    INVALID_FIELD = "INVALID_FIELD"
    """`field` breaks a rule."""
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    """`type` is none that may be recorded."""
    BAD_TIMESTAMP = "BAD_TIMESTAMP"
    """`timestamp` is not a moment in ISO 8601 with a zone."""
    TOO_OLD = "TOO_OLD"
    """It happened more than 31 days ago."""
    IN_FUTURE = "IN_FUTURE"
    """It is to happen in more than five minutes: look at the clock."""
    TOO_LARGE = "TOO_LARGE"
    """`field` is longer or deeper than it may be."""
    NOT_FOUND = "NOT_FOUND"
    """The key's team has no such project."""


class Rejected(Exception):
    """An event that can't be recorded."""

    def __init__(self, code: EventCode, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message


@frozen
class NewEvent:
    """An event as somebody sends it: nothing of it is checked yet. It stands here, with the rules of its fields."""

    id: str | None = None
    type: str | None = None
    timestamp: str | None = None
    project_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    agent_id: str | None = None
    environment: str | None = None
    status: str | None = None
    name: str | None = None
    duration_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micros: int | None = None
    metadata: Any = None


def checked(new: NewEvent, *, team_id: TeamId, now: datetime) -> AnalyticsEvent:
    """Return the event to be recorded for a team. Raises Rejected with the first fault found.

    Whether the project is the team's own is for the caller to find out.
    """
    event_id = _event_id(_required(new.id, "id"))
    kind = _type(_required(new.type, "type"))
    if kind in OF_SESSIONS:
        _required(new.session_id, "sessionId")
    return make_event(
        event_id,
        kind,
        _timestamp(_required(new.timestamp, "timestamp"), now),
        team_id=team_id,
        project_id=None if new.project_id is None else ProjectId(new.project_id),
        session=_text(new.session_id, "sessionId"),
        user=_text(new.user_id, "userId"),
        status=_status(new.status, kind),
        now=now,
        agent_id=_text(new.agent_id, "agentId"),
        environment=_text(new.environment, "environment"),
        name=_text(new.name, "name"),
        duration_ms=None if new.duration_ms is None else round(_number(new.duration_ms, "durationMs", MOST_MS)),
        input_tokens=_number(new.input_tokens or 0, "inputTokens", MOST_TOKENS),
        output_tokens=_number(new.output_tokens or 0, "outputTokens", MOST_TOKENS),
        cost_micros=_number(new.cost_micros or 0, "costMicros", MOST_MICROS),
        metadata=_metadata(new.metadata),
    )


def make_event(
    event_id: str,
    kind: EventType,
    timestamp: datetime,
    *,
    team_id: TeamId,
    project_id: ProjectId | None,
    session: str | None = None,
    user: str | None = None,
    status: EventStatus = EventStatus.OK,
    now: datetime,
    **further: Any,
) -> AnalyticsEvent:
    """Return an event with all keys that follow from what it is."""
    return AnalyticsEvent(
        id=f"{team_id}#{event_id}",
        event_id=event_id,
        type=kind,
        timestamp=timestamp,
        team_id=team_id,
        metric=f"{team_id}#{kind.value}",
        project_id=project_id,
        session_id=None if session is None else session_id_of(team_id, project_id, session),
        session=session,
        user_id=None if user is None else f"{team_id}#{user}",
        user=user,
        status=status,
        created_at=now,
        updated_at=now,
        expires_at=int((timestamp + EVENTS_KEPT).timestamp()),
        **further,
    )


def _required(text: str | None, field: str) -> str:
    if not text:
        raise Rejected(EventCode.MISSING_FIELD, field, f"{field} must be there.")
    return text


def _event_id(text: str) -> str:
    if not _EVENT_ID.fullmatch(text):
        message = "id must be 1 to 100 letters, digits, and any of _ . : -"
        raise Rejected(EventCode.INVALID_FIELD, "id", message)
    return text


def _type(text: str) -> EventType:
    kind = _TYPES.get(text)
    if kind is None:
        names = ", ".join(kind.name for kind in EventType if kind not in OWN_TYPES)
        raise Rejected(EventCode.UNKNOWN_TYPE, "type", f"type must be one of {names}.")
    return kind


def _status(text: str | None, kind: EventType) -> EventStatus:
    if text is not None and text not in EventStatus.__members__:
        raise Rejected(EventCode.INVALID_FIELD, "status", "status must be OK or ERROR.")
    return EventStatus.ERROR if kind in FAILURES or text == EventStatus.ERROR.value else EventStatus.OK


def _timestamp(text: str, now: datetime) -> datetime:
    try:
        moment = moment_in(text)
    except ValueError:
        message = "timestamp must be ISO 8601 with a zone, such as 2026-01-31T12:00:00.000Z."
        raise Rejected(EventCode.BAD_TIMESTAMP, "timestamp", message) from None
    if moment < now - MOST_AGE:
        raise Rejected(EventCode.TOO_OLD, "timestamp", f"timestamp must be within the last {MOST_AGE.days} days.")
    if moment > now + MOST_AHEAD:
        raise Rejected(EventCode.IN_FUTURE, "timestamp", "timestamp is in the future; what does the clock say?")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _text(text: str | None, field: str) -> str | None:
    if text is None:
        return None
    if len(text) > TEXT_LENGTH:
        raise Rejected(EventCode.TOO_LARGE, field, f"{field} must have at most {TEXT_LENGTH} characters.")
    if not text:
        raise Rejected(EventCode.INVALID_FIELD, field, f"{field} must not be empty.")
    if (wrong := flaw(text, Kind.LINE)) is not None:
        raise Rejected(EventCode.INVALID_FIELD, field, f"{field} {wrong}")
    return text


N = TypeVar("N", int, float)


def _number(number: N, field: str, most: int) -> N:
    if not 0 <= number <= most:
        raise Rejected(EventCode.INVALID_FIELD, field, f"{field} must be from 0 to {most:,}.")
    return number


def _metadata(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Rejected(EventCode.INVALID_FIELD, "metadata", "metadata must be an object.")
    if _too_deep(value, METADATA_DEPTH):  # pyright: ignore[reportUnknownArgumentType] - any JSON
        raise Rejected(EventCode.TOO_LARGE, "metadata", f"metadata may be nested {METADATA_DEPTH} deep at most.")
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    except ValueError:
        raise Rejected(EventCode.INVALID_FIELD, "metadata", "metadata holds a number that JSON has not.") from None
    if not is_storable(text):
        raise Rejected(EventCode.INVALID_FIELD, "metadata", "metadata must not contain half of a surrogate pair.")
    if len(text.encode()) > METADATA_BYTES:
        raise Rejected(EventCode.TOO_LARGE, "metadata", f"metadata must have at most {METADATA_BYTES:,} bytes as JSON.")
    return text


def _too_deep(value: Any, left: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    parts = cast("Iterable[Any]", value.values() if isinstance(value, dict) else value)
    return left == 0 or any(_too_deep(part, left - 1) for part in parts)
