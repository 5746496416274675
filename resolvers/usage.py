"""What a team has used, and its budget, in the schema."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar

import strawberry

from resolvers.context import Info
from resolvers.lists import SHOWN, AtMost
from resolvers.scalars import Long
from services.core.ids import TeamId
from services.core.prices import dollars
from services.generations.model import GenerationKind
from services.usage import reports
from services.usage.model import Totals, UsageRow


@strawberry.type
class UsageTotals:
    """Sums of what attempts at asking models have used."""

    attempts: int
    """How many there were, with those that failed or were canceled."""
    tokens: Long
    """Tokens of prompts and answers together: what counts against the budget."""
    input_tokens: Long
    """Tokens of the prompts."""
    output_tokens: Long
    """Tokens of the answers, with those of the models' reasoning."""
    cached_tokens: Long
    """Tokens of the prompts that providers had in their caches."""
    reasoning_tokens: Long
    """Tokens of the models' reasoning."""
    cost: Decimal
    """US dollars, by the prices at the time."""
    unpriced_tokens: Long
    """Tokens of models without a price: not in `cost`."""


@strawberry.type
class ModelUsage(UsageTotals):
    """What one model was used for."""

    provider: str
    """The model's provider: `groq`, `openai` or `scaffold`."""
    model: str
    """The model."""


@strawberry.type
class KindUsage(UsageTotals):
    """What generations of one kind have used."""

    kind: GenerationKind
    """What they make."""


@strawberry.type
class DayUsage(UsageTotals):
    """What the generations that were asked for on one day have used."""

    day: date
    """The day, in UTC."""


@strawberry.type
class TokenBudget:
    """Tokens of the current month."""

    limit: Long | None
    """The most that the team may use; null for no limit."""
    spent: Long
    """Used by generations that have ended."""
    reserved: Long
    """Set aside for generations under way: the most that they may use."""
    left: Long | None
    """What new generations may use; null for no limit."""


@strawberry.type
class CostBudget:
    """US dollars of the current month."""

    limit: Decimal | None
    """The most that the team's models may cost; null for no limit."""
    spent: Decimal
    """Cost of generations that have ended."""
    reserved: Decimal
    """Set aside for generations under way: the most that they may cost."""
    left: Decimal | None
    """What new generations may cost; null for no limit."""


@strawberry.type
class Budget:
    """How a team's current calendar month (UTC) stands. A generation is refused where a limit might be exceeded."""

    tokens: TokenBudget
    """Tokens."""
    cost: CostBudget
    """US dollars."""
    resets_at: datetime
    """When the next month begins."""

    @classmethod
    def of(cls, budget: reports.Budget) -> Self:
        tokens, cost = budget.tokens, budget.cost
        return cls(
            tokens=TokenBudget(
                limit=_long(tokens.limit),
                spent=Long(tokens.spent),
                reserved=Long(tokens.reserved),
                left=_long(tokens.left),
            ),
            cost=CostBudget(
                limit=_dollars(cost.limit),
                spent=dollars(cost.spent),
                reserved=dollars(cost.reserved),
                left=_dollars(cost.left),
            ),
            resets_at=budget.resets_at,
        )


@strawberry.type
class TeamUsage:
    """What a team has used in some days. A generation counts on the day that it was asked for, once it has ended."""

    first_day: date
    """The first day, in UTC."""
    last_day: date
    """The last day, included."""
    tokens: Long
    """All tokens of prompts and answers."""
    cost: Decimal
    """US dollars of all."""
    totals: UsageTotals
    """All of it."""
    report: strawberry.Private[reports.Report]

    @strawberry.field
    def by_model(self) -> Annotated[list[ModelUsage], AtMost(SHOWN)]:
        """The same for each model, in the order of their first use."""
        groups = self.report.by(lambda row: (row.provider, row.model))
        return [_sums(ModelUsage, used, provider=provider, model=model) for (provider, model), used in groups[:SHOWN]]

    @strawberry.field
    def by_kind(self) -> Annotated[list[KindUsage], AtMost(len(GenerationKind))]:
        """The same for each kind of generation, in the order of their first use."""
        return [_sums(KindUsage, used, kind=GenerationKind(kind)) for kind, used in self.report.by(_kind)]

    @strawberry.field
    def by_day(self) -> Annotated[list[DayUsage], AtMost(reports.LONGEST)]:
        """The same for each day that has any, in order."""
        return [_sums(DayUsage, used, day=date.fromisoformat(day)) for day, used in self.report.by(_day)]

    @strawberry.field
    async def budget(self, info: Info) -> Budget | None:
        """How the team's current month stands, whichever days were asked for."""
        return Budget.of(await info.context.services.usage.budget(self.report))

    @classmethod
    def of(cls, report: reports.Report) -> Self:
        totals = _sums(UsageTotals, report.totals)
        return cls(
            first_day=report.days.first,
            last_day=report.days.last,
            tokens=totals.tokens,
            cost=totals.cost,
            totals=totals,
            report=report,
        )


@strawberry.input
class UsageRange:
    """Some days, at most 366."""

    from_: date = strawberry.field(name="from")
    """The first day, in UTC."""
    to: date
    """The last day, included."""


RangeArgument = Annotated[
    UsageRange | None, strawberry.argument(description="Which days; null means the current month.")
]
TeamArgument = Annotated[
    strawberry.ID | None, strawberry.argument(description="One of your teams; null means your personal one.")
]


@strawberry.type
class UsageQuery:
    @strawberry.field
    async def usage(self, info: Info, team_id: TeamArgument = None, range: RangeArgument = None) -> TeamUsage | None:
        """Return what a team's generations have used, and what its budget has left."""
        days = None if range is None else reports.Days(range.from_, range.to)
        team = None if team_id is None else TeamId(team_id)
        return TeamUsage.of(await info.context.services.usage.report(team, days, by=info.context.actor))


T = TypeVar("T", bound=UsageTotals)


def _sums(make: Callable[..., T], used: Totals, **key: Any) -> T:
    return make(
        attempts=used.attempts,
        tokens=Long(used.tokens),
        input_tokens=Long(used.input_tokens),
        output_tokens=Long(used.output_tokens),
        cached_tokens=Long(used.cached_tokens),
        reasoning_tokens=Long(used.reasoning_tokens),
        cost=dollars(used.cost),
        unpriced_tokens=Long(used.unpriced_tokens),
        **key,
    )


def _kind(row: UsageRow) -> str:
    return row.kind


def _day(row: UsageRow) -> str:
    return row.day


def _long(count: int | None) -> Long | None:
    return None if count is None else Long(count)


def _dollars(nano_dollars: int | None) -> Decimal | None:
    return None if nano_dollars is None else dollars(nano_dollars)
