"""What an event must be to be recorded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.analytics.model import EventStatus
from services.analytics.validation import NewEvent, Rejected, checked
from services.core.ids import TeamId
from tests.services.analytics.stage import NOW, event

TEAM = TeamId("team_1")


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth > 1 else {}


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"id": None}, "MISSING_FIELD", "id"),
        ({"id": ""}, "MISSING_FIELD", "id"),
        ({"type": None}, "MISSING_FIELD", "type"),
        ({"timestamp": None}, "MISSING_FIELD", "timestamp"),
        ({"type": "SESSION_START"}, "MISSING_FIELD", "sessionId"),
        ({"id": "a b"}, "INVALID_FIELD", "id"),
        ({"id": "GENERATION/generation_1"}, "INVALID_FIELD", "id"),
        ({"id": "x" * 101}, "INVALID_FIELD", "id"),
        ({"type": "Session_start"}, "UNKNOWN_TYPE", "type"),
        ({"type": "GENERATION"}, "UNKNOWN_TYPE", "type"),
        ({"timestamp": "yesterday"}, "BAD_TIMESTAMP", "timestamp"),
        ({"timestamp": "2037-03-31T12:00:00"}, "BAD_TIMESTAMP", "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+23:59"}, "BAD_TIMESTAMP", "timestamp"),
        ({"timestamp": "2037-02-28T12:29:59.999Z"}, "TOO_OLD", "timestamp"),
        ({"timestamp": "2037-03-31T12:35:00.001Z"}, "IN_FUTURE", "timestamp"),
        ({"status": "FINE"}, "INVALID_FIELD", "status"),
        ({"user_id": ""}, "INVALID_FIELD", "userId"),
        ({"user_id": "a\x00"}, "INVALID_FIELD", "userId"),
        ({"user_id": "\ud800"}, "INVALID_FIELD", "userId"),
        ({"session_id": "s" * 201}, "TOO_LARGE", "sessionId"),
        ({"duration_ms": -1.0}, "INVALID_FIELD", "durationMs"),
        ({"duration_ms": float("nan")}, "INVALID_FIELD", "durationMs"),
        ({"duration_ms": float("inf")}, "INVALID_FIELD", "durationMs"),
        ({"input_tokens": -1}, "INVALID_FIELD", "inputTokens"),
        ({"cost_micros": 1_000_000_001}, "INVALID_FIELD", "costMicros"),
        ({"metadata": "text"}, "INVALID_FIELD", "metadata"),
        ({"metadata": {"a": float("nan")}}, "INVALID_FIELD", "metadata"),
        ({"user_id": "a\nb"}, "INVALID_FIELD", "userId"),
        ({"agent_id": "\x1b[31m"}, "INVALID_FIELD", "agentId"),
        ({"environment": "a\x85"}, "INVALID_FIELD", "environment"),
        ({"name": "a\u2028b"}, "INVALID_FIELD", "name"),
        ({"metadata": {"a": "x" * 4096}}, "TOO_LARGE", "metadata"),
        ({"metadata": {"a": "é" * 2045}}, "TOO_LARGE", "metadata"),
        ({"metadata": {"a": "\ud83d"}}, "INVALID_FIELD", "metadata"),
        ({"metadata": nested(6)}, "TOO_LARGE", "metadata"),
    ],
)
def test_a_bad_event_is_refused_with_the_code_of_its_fault(fields: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Rejected) as refused:
        checked(event(**fields), team_id=TEAM, now=NOW)

    assert (refused.value.code.value, refused.value.field) == (code, field)
    assert field in refused.value.message or field == "timestamp"


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp": "2037-02-28T12:30:00.000Z"},
        {"timestamp": "2037-03-31T12:35:00.000Z"},
        {"id": "x" * 100},
        {"metadata": nested(5)},
        {"metadata": {"a": "x" * 4088}},
        {"metadata": {"a": "é" * 2044}},
        {"metadata": {"a": "👍" * 1022}},
        {
            "user_id": "می‌خواهم",
            "agent_id": "👨‍👩‍👧‍👦",
            "name": "Prix : 3 €",
            "session_id": "日本語",
            "environment": "à côté",
        },
        {"duration_ms": 86_400_000.0, "input_tokens": 1_000_000_000, "cost_micros": 1_000_000_000},
        {"type": "SESSION_END", "session_id": "s" * 200},
    ],
)
def test_what_is_just_within_the_bounds_is_taken(fields: dict[str, Any]) -> None:
    assert checked(event(**fields), team_id=TEAM, now=NOW).team_id == TEAM


def test_a_moment_is_kept_in_utc_and_whole_milliseconds() -> None:
    made = checked(event(timestamp="2037-03-31T14:00:00.123999+02:00"), team_id=TEAM, now=NOW)

    assert made.timestamp == datetime(2037, 3, 31, 12, 0, 0, 123000, tzinfo=UTC)
    assert made.expires_at == int((made.timestamp + timedelta(days=90)).timestamp())


def test_an_error_is_a_failure_whatever_it_says() -> None:
    made = [
        checked(event(type=kind, status=status), team_id=TEAM, now=NOW).status
        for kind, status in [("ERROR", None), ("TASK_ERROR", "OK"), ("REQUEST", "ERROR"), ("REQUEST", None)]
    ]

    assert made == [EventStatus.ERROR] * 3 + [EventStatus.OK]


def test_a_duration_with_a_fraction_is_rounded() -> None:
    assert checked(event(duration_ms=12.7), team_id=TEAM, now=NOW).duration_ms == 13


def test_what_an_event_does_not_say_is_not_kept() -> None:
    made = checked(NewEvent(id="e", type="CUSTOM", timestamp="2037-03-31T12:00:00Z"), team_id=TEAM, now=NOW)

    assert (made.project_id, made.session_id, made.user_id, made.duration_ms, made.metadata) == (None,) * 5
