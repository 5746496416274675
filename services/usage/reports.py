"""What a team has used, and what its month has left, for those who may see the team."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Fault, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.core.policy import Action, allows
from services.foundation.aws.tables import Table
from services.usage.model import BudgetCounter, Totals, UsageRow, counter_id
from services.usage.service import Limits, month_after

LONGEST: Final = 366
"""Days of a report."""

K = TypeVar("K")


@frozen
class Days:
    """Days in UTC, the last included. At most 366."""

    first: date
    last: date

    def __post_init__(self) -> None:
        days = (self.last - self.first).days + 1
        if days < 1:
            raise Invalid([Fault("to must not be before from.", ("range", "to"))])
        if days > LONGEST:
            raise Invalid([Fault(f"A range has at most {LONGEST} days; this has {days:,}.", ("range",))])


@frozen
class Report:
    """What a team has used in some days."""

    team_id: TeamId
    days: Days
    rows: Sequence[UsageRow]

    @property
    def totals(self) -> Totals:
        return Totals.of(self.rows)

    def by(self, key: Callable[[UsageRow], K]) -> list[tuple[K, Totals]]:
        """Return the sums for each value of the key that there is, in the order of their first day."""
        groups: dict[K, list[UsageRow]] = {}
        for row in self.rows:
            groups.setdefault(key(row), []).append(row)
        return [(value, Totals.of(rows)) for value, rows in groups.items()]


@frozen
class Account:
    """How one budget of a month stands; `limit` of None means that there is none."""

    limit: int | None
    spent: int
    reserved: int

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.spent - self.reserved)


@frozen
class Budget:
    """A team's current month. Costs are nano-dollars."""

    tokens: Account
    cost: Account
    resets_at: datetime


@frozen(kw_only=True)
class Reports:
    usage: Table[UsageRow]
    counters: Table[BudgetCounter]
    limits: Limits
    now: Clock

    async def report(self, team_id: TeamId | None, days: Days | None, *, by: Actor) -> Report:
        """Return a team's usage; None means the actor's personal team, and the current month."""
        team = by.personal_team_id if team_id is None else team_id
        if not allows(by, Action.VIEW, team):
            raise NotFound("team", team)
        asked = days or self._this_month()
        rows = await self.usage.between(team, asked.first.isoformat(), f"{asked.last.isoformat()}~")
        return Report(team, asked, rows)

    async def budget(self, report: Report) -> Budget:
        """Return how the current month stands of the team of a report that the caller was given."""
        month = self.now().astimezone(UTC).strftime("%Y-%m")
        counter = await self.counters.find(counter_id(report.team_id, month))
        spent = (counter.spent_tokens, counter.spent_cost) if counter else (0, 0)
        committed = (counter.committed_tokens, counter.committed_cost) if counter else (0, 0)
        return Budget(
            Account(self.limits.tokens, spent[0], committed[0] - spent[0]),
            Account(self.limits.cost, spent[1], committed[1] - spent[1]),
            month_after(month),
        )

    def _this_month(self) -> Days:
        first = self.now().astimezone(UTC).date().replace(day=1)
        return Days(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
