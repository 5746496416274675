"""Rollups: one item for each hour and each day of a project and of a team, holding every count.

What an event adds is a sum, or a set that unites: DynamoDB's ADD does either without reading, in any order.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from services.analytics.distinct import estimate, mark_of
from services.analytics.durations import bucket_of, percentile
from services.analytics.model import ROLLUPS_KEPT, AnalyticsEvent, EventType, Rollup
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId
from services.foundation.aws import transactions
from services.foundation.aws.tables import Table


class Interval(Enum):
    """The length of a period. Periods begin at the full hour and at midnight, in UTC."""

    HOUR = "HOUR"
    """An hour."""
    DAY = "DAY"
    """A day."""

    @property
    def length(self) -> timedelta:
        return timedelta(hours=1) if self is Interval.HOUR else timedelta(days=1)

    def floor(self, moment: datetime) -> datetime:
        """Return the beginning of the period that a moment lies in."""
        hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return hour if self is Interval.HOUR else hour.replace(hour=0)

    def ceil(self, moment: datetime) -> datetime:
        """Return the end of the period that a moment lies in; a beginning is its own."""
        floor = self.floor(moment)
        return floor if floor == moment else floor + self.length

    def key(self, moment: datetime) -> str:
        """Return the sort key of the period that a moment lies in; later periods sort later."""
        return self.floor(moment).strftime("H%Y-%m-%dT%H" if self is Interval.HOUR else "D%Y-%m-%d")

    def begin(self, key: str) -> datetime:
        """Return the beginning of a period from its key."""
        return datetime.fromisoformat(key[1:]).replace(tzinfo=UTC)


Part = tuple[str, str]
"""A part of what a team or a project counts: `agent` or `environment`, and its name."""


def parts_of(event: AnalyticsEvent) -> list[Part]:
    """Return the parts that an event is in."""
    parts = (("agent", event.agent_id), ("environment", event.environment))
    return [(kind, name) for kind, name in parts if name is not None]


def holder_of(team_id: TeamId, project_id: ProjectId | None, part: Part | None = None) -> str:
    """Return the partition of a project's rollups, or of the whole team's; of all, or of one part."""
    whole = f"{team_id}#{project_id}" if project_id else team_id
    return whole if part is None else f"{whole}#{part[0]}#{part[1]}"


@dataclass(slots=True)
class Tally:
    """Counts of any number of events; tallies add up. Each count is an attribute of a rollup under the same name.

    `n.<type>` events and `f.<type>` failures by type, `d.<bucket>` durations by bucket, `durations` and `durationMs`
    their count and sum, `inputTokens`, `outputTokens` and `costMicros`.
    """

    counts: Counter[str] = field(default_factory=Counter[str])
    users: set[int] = field(default_factory=set[int])
    """Marks of users; days have them, hours do not."""
    sessions: set[int] = field(default_factory=set[int])
    """Marks of sessions, likewise."""

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> "Tally":
        """Read all fields of a rollup."""
        counts = {name: value for name, value in fields.items() if isinstance(value, int) and name != "expiresAt"}
        return cls(Counter(counts), set(fields.get("users", ())), set(fields.get("sessions", ())))

    @classmethod
    def total(cls, tallies: "Iterable[Tally]") -> "Tally":
        """Return the sum of tallies."""
        whole = cls()
        for tally in tallies:
            whole.counts.update(tally.counts)
            whole.users |= tally.users
            whole.sessions |= tally.sessions
        return whole

    def count(self, event: AnalyticsEvent, *, marks: bool) -> None:
        """Count an event, and with `marks` whose it is and its session."""
        added = {
            f"n.{event.type.value}": 1,
            f"f.{event.type.value}": int(event.failed),
            "inputTokens": event.input_tokens,
            "outputTokens": event.output_tokens,
            "costMicros": event.cost_micros,
        }
        if event.duration_ms is not None:
            added |= {
                "durations": 1,
                "durationMs": event.duration_ms,
                f"d.{bucket_of(event.duration_ms)}": 1,
            }
        self.counts.update({name: number for name, number in added.items() if number})
        if marks and event.user_id:
            self.users.add(mark_of(event.user_id))
        if marks and event.session_id:
            self.sessions.add(mark_of(event.session_id))

    def of_type(self, event_type: EventType) -> int:
        return self.counts[f"n.{event_type.value}"]

    def failures_of(self, event_type: EventType) -> int:
        return self.counts[f"f.{event_type.value}"]

    @property
    def events(self) -> int:
        return sum(map(self.of_type, EventType))

    @property
    def errors(self) -> int:
        return sum(map(self.failures_of, EventType))

    @property
    def active_users(self) -> int:
        """About how many different users there were."""
        return estimate(self.users)

    @property
    def unique_sessions(self) -> int:
        """About how many different sessions had events."""
        return estimate(self.sessions)

    def duration(self, percent: int) -> int | None:
        """Return a percentile of the durations in milliseconds, to a tenth; None where there are none."""
        histogram = {int(name[2:]): number for name, number in self.counts.items() if name.startswith("d.")}
        return percentile(histogram, percent)


Place = tuple[str, str]
"""The key of a rollup: holder and period."""


def places_of(event: AnalyticsEvent, counted: Mapping[Part, Part]) -> list[Place]:
    """Return the rollups that an event counts in: hour and day, of the team and of its project, whole and by part."""
    parts = [None, *(counted[part] for part in parts_of(event))]
    projects = dict.fromkeys((None, event.project_id))
    holders = [holder_of(event.team_id, project_id, part) for project_id in projects for part in parts]
    return [(holder, interval.key(event.timestamp)) for holder in holders for interval in Interval]


def tallied(events: Iterable[AnalyticsEvent], counted: Mapping[Part, Part]) -> Mapping[Place, Tally]:
    """Return what events add to each rollup."""
    tallies: dict[Place, Tally] = {}
    for event in events:
        for place in places_of(event, counted):
            tallies.setdefault(place, Tally()).count(event, marks=place[1].startswith("D"))
    return tallies


@frozen
class Rollups:
    """Reads rollups, and makes the transaction parts that write them."""

    table: Table[Rollup]

    def addition(self, place: Place, tally: Tally) -> transactions.Part:
        """Return the transaction part that adds a tally to a rollup."""
        begin = (Interval.DAY if place[1].startswith("D") else Interval.HOUR).begin(place[1])
        marks = {"users": frozenset(tally.users), "sessions": frozenset(tally.sessions)}
        amounts = {**tally.counts, **{name: some for name, some in marks.items() if some}}
        return self.table.addition(place, amounts, stamps={"expiresAt": int((begin + ROLLUPS_KEPT).timestamp())})

    async def read(self, holder: str, interval: Interval, start: datetime, end: datetime) -> dict[datetime, Tally]:
        """Return the periods from `start` to before `end` in which anything happened."""
        if start >= end:
            return {}
        last = interval.key(end - timedelta(microseconds=1))
        rollups = await self.table.fields_between(holder, interval.key(start), last)
        return {interval.begin(rollup["period"]): Tally.read(rollup) for rollup in rollups}

    async def total(self, holder: str, start: datetime, end: datetime) -> Tally:
        """Return the sum of the hours from `start` to before `end`; marks are of all days that this touches.

        Whole days are read as such: a month is about 31 items, and at most 46 for the hours before and after.
        """
        first, last = Interval.DAY.ceil(start), Interval.DAY.floor(end)
        days, before, after = await asyncio.gather(
            self.read(holder, Interval.DAY, Interval.DAY.floor(start), Interval.DAY.ceil(end)),
            self.read(holder, Interval.HOUR, start, min(first, end)),
            self.read(holder, Interval.HOUR, max(last, first), end),
        )
        whole = [tally for begin, tally in days.items() if first <= begin < last]
        total = Tally.total([*whole, *before.values(), *after.values()])
        total.users.update(*(tally.users for tally in days.values()))
        total.sessions.update(*(tally.sessions for tally in days.values()))
        return total
