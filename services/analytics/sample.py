"""A believable week of events, for looking around: the same for the same project and day."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from services.analytics.rollups import Interval
from services.analytics.validation import NewEvent
from services.core.clock import iso
from services.core.ids import ProjectId

DAYS: Final = 7
_BUSIEST: Final = 6
"""Sessions that begin in the busiest hours."""
_BY_HOUR: Final = (1, 0, 0, 0, 0, 1, 2, 4, 7, 10, 12, 11, 9, 11, 12, 11, 9, 7, 5, 4, 4, 3, 2, 1)
"""How busy the hours of a working day are, out of twelve, in UTC."""
_WEEKEND: Final = 0.3
_USERS: Final = 80
_AGENTS: Final = ("support", "search", "reports")
_TOOLS: Final = ("search_orders", "send_mail", "read_page")
_MICROS_PER_INPUT_TOKEN: Final = 10
_MICROS_PER_OUTPUT_TOKEN: Final = 30


def week(project_id: ProjectId, *, now: datetime) -> list[NewEvent]:
    """Return the events of the seven days before `now`, oldest first: about three thousand.

    Their ids name the day: recording them again, or a week that overlaps, counts nothing twice.
    """
    today = Interval.DAY.floor(now)
    days = [today - number * Interval.DAY.length for number in range(DAYS, -1, -1)]
    events = [event for day in days for event in _day(project_id, day)]
    earliest, latest = iso(now - DAYS * Interval.DAY.length), iso(now)
    return sorted(
        (event for event in events if earliest <= (event.timestamp or "") < latest),
        key=lambda event: event.timestamp or "",
    )


def _day(project_id: ProjectId, day: datetime) -> Iterator[NewEvent]:
    chance = random.Random(f"{project_id} {day:%Y-%m-%d}")  # noqa: S311 - the same for everybody
    busy = _WEEKEND if day.isoweekday() > 5 else 1  # noqa: PLR2004 - Saturday and Sunday
    for hour, share in enumerate(_BY_HOUR):
        for number in range(round(_BUSIEST * busy * share / max(_BY_HOUR))):
            begin = day + timedelta(hours=hour, seconds=chance.randrange(3600))
            yield from _session(project_id, f"sample-{day:%Y%m%d}-{hour:02}-{number}", begin, chance)


def _session(project_id: ProjectId, name: str, begin: datetime, chance: random.Random) -> Iterator[NewEvent]:
    """Somebody comes, asks an agent for one thing or several, and goes; now and then something fails."""
    shared = {
        "project_id": project_id,
        "session_id": name,
        "user_id": f"user-{min(chance.randrange(_USERS), chance.randrange(_USERS))}",
        "agent_id": chance.choice(_AGENTS),
        "environment": "production",
    }
    moment, number = begin, 0

    def event(kind: str, **fields: Any) -> NewEvent:
        nonlocal moment, number
        event = NewEvent(id=f"{name}-{number}", type=kind, timestamp=iso(moment), **shared, **fields)
        moment, number = moment + timedelta(seconds=chance.uniform(1, 40)), number + 1
        return event

    yield event("SESSION_START")
    for _ in range(chance.randint(1, 3)):
        read, written = chance.randint(200, 4000), chance.randint(20, 900)
        cost = read * _MICROS_PER_INPUT_TOKEN + written * _MICROS_PER_OUTPUT_TOKEN
        took = written * chance.uniform(8, 20)
        yield event("MODEL_CALL", input_tokens=read, output_tokens=written, cost_micros=cost, duration_ms=took)
        yield event("TOOL_CALL", name=chance.choice(_TOOLS), duration_ms=chance.lognormvariate(4.5, 0.8))
        failed = chance.random() < 0.06  # noqa: PLR2004 - one task in sixteen
        took += chance.uniform(50, 2000)
        yield event("TASK_ERROR" if failed else "TASK_COMPLETE", duration_ms=took)
    yield event("SESSION_END")
