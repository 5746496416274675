"""Budgets: what a team may use in a month, reserved before a generation and settled after it.

Each is one transaction with the generation's record, so neither concurrent requests nor a crash between two writes can
make the sum wrong: docs/adr/0017.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from msgspec.structs import replace

from services.core.clock import Clock, iso
from services.core.errors import Conflict, Exhausted
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.core.instruments import BUDGET_REFUSALS, COST, TOKENS
from services.core.prices import Prices, dollars
from services.foundation.aws.conditions import CONTENTION, AlreadyExists
from services.foundation.aws.keys import Key
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import Part, write_together
from services.usage.model import (
    AttemptUsage,
    BudgetCounter,
    MeteredRecord,
    Reservation,
    Totals,
    UsageRow,
    bucket,
    counter_id,
)

RECORD_LIFETIME: Final = timedelta(days=800)
"""How long counters and usage rows are kept: more than two years, so that a month compares with the same one before."""

M = TypeVar("M", bound=MeteredRecord)


@frozen
class Limits:
    """What each team may use in a month; None means as much as it likes."""

    tokens: int | None = None
    cost: int | None = None
    """Nano-dollars."""


class BudgetExhausted(Exhausted):
    """A generation may need more than is left of its team's month."""

    def __init__(self, what: str, *, limit: str, spent: str, reserved: str, wanted: str, resets_at: datetime) -> None:
        super().__init__(
            f"Your team's budget of {limit} {what} a month has no room for this: {spent} are spent, {reserved} reserved"
            f" by generations under way, and this one may need {wanted}. The budget resets at {iso(resets_at)}."
        )


@frozen(kw_only=True)
class Budgets(Generic[M]):
    """`models` are those that may be asked, one of each provider."""

    records: Table[M]
    counters: Table[BudgetCounter]
    usage: Table[UsageRow]
    limits: Limits
    prices: Prices
    models: tuple[str, ...]
    now: Clock

    def reservation(self, tokens: int) -> Reservation:
        """Return what to reserve for a generation with this allowance: the cost is the dearest model's."""
        binding = self.limits != Limits()
        cost = self.prices.most(self.models, tokens=tokens)
        return Reservation(day=self._today(), binding=binding, tokens=tokens, cost=cost)

    async def reserve(self, creation: Part, record: M) -> None:
        """Write a record by a transaction part, and take its reservation out of the team's month, or neither.

        Raises AlreadyExists where the part's condition does not hold, and BudgetExhausted.
        """
        wanted = record.reservation
        if wanted is None:
            raise ValueError("A record without a reservation can not be reserved for.")
        failed = await write_together([creation, self._reserving(wanted, record.team_id)])
        if creation in failed:
            raise AlreadyExists(record.id)
        if failed:
            raise await self._exhausted(wanted, record.team_id)

    async def reopen(self, record_id: str, change: Callable[[M], M]) -> M | None:
        """Update an ended record to go on, as Table.update does, and reserve the same again for what it will use now.

        Where it was not settled yet, its reservation still holds. Raises BudgetExhausted, and then changes nothing.
        """
        for _ in range(CONTENTION):
            old = await self.records.find(record_id)
            if old is None:
                return None
            new = change(old)
            if old.settled_at is not None and old.reservation is not None:
                new = replace(new, settled_at=None, reservation=self.reservation(old.reservation.tokens))
            parts = [replacement := self.records.replacement(old, new)]
            if new.settled_at is None and old.settled_at is not None and new.reservation is not None:
                parts.append(self._reserving(new.reservation, new.team_id))
            failed = await write_together(parts)
            if not failed:
                return await self.records.find(record_id)
            if replacement not in failed and new.reservation is not None:
                raise await self._exhausted(new.reservation, new.team_id)
        raise Conflict("Too many changes at once; try again.")

    async def settle(self, record: M) -> M:
        """Charge an ended generation what its attempts have used, and give back what is left of its reservation.

        Exactly once, however often and wherever this is called: the record says that it is settled, in the same
        transaction. Returns the record as it is then.
        """
        for _ in range(CONTENTION):
            if record.reservation is None or record.settled_at is not None or record.finished_at is None:
                return record
            priced = tuple(map(self._priced, record.attempts[record.charged :]))
            attempts = (*record.attempts[: record.charged], *priced)
            settled = replace(record, settled_at=self.now(), attempts=attempts, charged=len(attempts))
            parts = [
                self.records.replacement(record, settled),
                self._releasing(record.reservation, Totals.of_attempts(priced), record.team_id),
                *self._rows(record, record.reservation, priced),
            ]
            if not await write_together(parts):  # where the record has changed meanwhile, it decides again
                _measure(priced)
            stored = await self.records.find(record.id)
            if stored is None:
                return record
            record = stored
        raise Conflict("Too many changes at once; try again.")

    def _today(self) -> str:
        return self.now().astimezone(UTC).date().isoformat()

    def _priced(self, attempt: AttemptUsage) -> AttemptUsage:
        cost = self.prices.cost(
            attempt.model,
            input_tokens=attempt.input_tokens,
            output_tokens=attempt.output_tokens,
            cached_tokens=attempt.cached_tokens,
        )
        return replace(attempt, cost=cost)

    def _reserving(self, wanted: Reservation, team_id: TeamId) -> Part:
        """Return the part that commits the month to a reservation if there is room: at no limit there always is."""
        limits = {
            "committedTokens": (self.limits.tokens, wanted.tokens),
            "committedCost": (self.limits.cost, wanted.cost),
        }
        room = {name: limit - needed for name, (limit, needed) in limits.items() if limit is not None}
        amounts = {name: needed for name, (_, needed) in limits.items()}
        return self._adding(self.counters, [counter_id(team_id, wanted.month)], amounts, at_most=room)

    def _releasing(self, held: Reservation, used: Totals, team_id: TeamId) -> Part:
        amounts = {
            "committedTokens": used.tokens - held.tokens,
            "committedCost": used.cost - held.cost,
            "spentTokens": used.tokens,
            "spentCost": used.cost,
        }
        return self._adding(self.counters, [counter_id(team_id, held.month)], amounts)

    def _rows(self, record: M, held: Reservation, attempts: tuple[AttemptUsage, ...]) -> list[Part]:
        """Return a part for each day, kind and model: a transaction may touch an item only once."""
        grouped: dict[str, list[AttemptUsage]] = {}
        for attempt in attempts:
            grouped.setdefault(bucket(held.day, record.kind.value, attempt), []).append(attempt)
        return [
            self._adding(self.usage, [record.team_id, where], _counted(Totals.of_attempts(some)))
            for where, some in grouped.items()
        ]

    def _adding(
        self, table: Table[Any], key: Key, amounts: Mapping[str, int], *, at_most: Mapping[str, int] | None = None
    ) -> Part:
        """Return the part that adds amounts to an item of counters, which need not exist."""
        now = self.now()
        stamps = {"updatedAt": now, "expiresAt": int((now + RECORD_LIFETIME).timestamp())}
        return table.addition(key, {**amounts, "version": 1}, first={"createdAt": now}, stamps=stamps, at_most=at_most)

    async def _exhausted(self, wanted: Reservation, team_id: TeamId) -> BudgetExhausted:
        """Say which budget has no room."""
        BUDGET_REFUSALS.record(1)
        now = await self.counters.find(counter_id(team_id, wanted.month))
        spent_tokens, spent_cost = (now.spent_tokens, now.spent_cost) if now else (0, 0)
        reserved_tokens = now.committed_tokens - now.spent_tokens if now else 0
        reserved_cost = now.committed_cost - now.spent_cost if now else 0
        resets_at = month_after(wanted.month)
        limits = self.limits
        too_dear = limits.cost is not None and spent_cost + reserved_cost + wanted.cost > limits.cost
        if limits.cost is not None and (too_dear or limits.tokens is None):
            return BudgetExhausted(
                "US dollars",
                limit=money(limits.cost),
                spent=money(spent_cost),
                reserved=money(reserved_cost),
                wanted=money(wanted.cost),
                resets_at=resets_at,
            )
        return BudgetExhausted(
            "tokens",
            limit=f"{limits.tokens or 0:,}",
            spent=f"{spent_tokens:,}",
            reserved=f"{reserved_tokens:,}",
            wanted=f"{wanted.tokens:,}",
            resets_at=resets_at,
        )


def _measure(attempts: Iterable[AttemptUsage]) -> None:
    for attempt in attempts:
        model = {"gen_ai.provider.name": attempt.provider, "gen_ai.response.model": attempt.model}
        COST.record((attempt.cost or 0) / 1e9, model)
        TOKENS.record(attempt.input_tokens, {**model, "gen_ai.token.type": "input"})
        TOKENS.record(attempt.output_tokens, {**model, "gen_ai.token.type": "output"})


def month_after(month: str) -> datetime:
    """Return when the month (2026-01) is over."""
    first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
    return (first + timedelta(days=31)).replace(day=1)


def money(nano_dollars: int) -> str:
    """Write a sum for people, rounded up to a cent's hundredth."""
    return f"{dollars(nano_dollars).quantize(Decimal('0.0001'), rounding='ROUND_UP'):,}"


def _counted(used: Totals) -> dict[str, int]:
    return {
        "attempts": used.attempts,
        "inputTokens": used.input_tokens,
        "outputTokens": used.output_tokens,
        "cachedTokens": used.cached_tokens,
        "reasoningTokens": used.reasoning_tokens,
        "cost": used.cost,
        "unpricedTokens": used.unpriced_tokens,
    }
