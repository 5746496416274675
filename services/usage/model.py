"""What is stored of usage: attempts and reservation on a job's record, budget counters, usage rows."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.core.ids import TeamId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, TableSpec
from services.foundation.jobs.record import JobRecord


class AttemptOutcome(Enum):
    """How an attempt at asking a provider ended."""

    COMPLETED = "COMPLETED"
    """The provider answered to its end."""
    CUT = "CUT"
    """The provider ended its answer early: at a limit of tokens, or by its content filter."""
    FAILED = "FAILED"
    """The provider refused, or was lost in mid-answer."""
    CANCELED = "CANCELED"
    """The answer was cut short from our side: canceled, timed out, or its worker stopped."""


class AttemptUsage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one attempt at asking one provider has used; cached tokens are input, reasoning tokens are output."""

    attempt: int
    """The attempt of the job in which it was."""
    provider: str
    model: str
    outcome: AttemptOutcome
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    """Whether we counted, for the provider did not say."""
    left_out: int = 0
    """How many parts of the prompt the model's window had no room for."""
    cost: int | None = None
    """Nano-dollars, set by the settlement; None before, and for a model without a price."""

    @property
    def tokens(self) -> int:
        """What counts against a budget of tokens."""
        return self.input_tokens + self.output_tokens


class Reservation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is set aside of a team's budget for one generation."""

    day: str
    """When it was asked for, in UTC: 2026-01-31. What it uses counts on this day, and in this month."""
    binding: bool = True
    """Whether it may not use more: where there is a budget. Elsewhere it never ends because we restarted workers."""
    tokens: int
    cost: int
    """Nano-dollars."""

    @property
    def month(self) -> str:
        return self.day[:7]


class MeteredRecord(JobRecord, frozen=True, kw_only=True, rename="camel"):
    """A job that asks models. After its end `settled_at` and the costs of its attempts still follow."""

    kind: Enum
    """What it makes; usage is told apart by it."""
    attempts: tuple[AttemptUsage, ...] = ()
    """Every attempt of every run, in order."""
    charged: int = 0
    """How many of the attempts are settled; those after them are not."""
    reservation: Reservation | None = None
    settled_at: datetime | None = None

    @property
    def tokens_left(self) -> int | None:
        """What is left of its allowance; None where nothing binds it."""
        if self.reservation is None or not self.reservation.binding:
            return None
        return self.reservation.tokens - sum(attempt.tokens for attempt in self.attempts[self.charged :])


class BudgetCounter(Entity, frozen=True, kw_only=True, rename="camel"):
    """One team's month. `id` is team and month. Committed is spent plus reserved: one number to compare with."""

    committed_tokens: int = 0
    committed_cost: int = 0
    spent_tokens: int = 0
    spent_cost: int = 0
    expires_at: int | None = None


class UsageRow(Entity, frozen=True, kw_only=True, rename="camel"):
    """What a team's generations of one day, kind and model have used. `id` is the team's."""

    bucket: str
    """Day, kind, provider and model."""
    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: int = 0
    unpriced_tokens: int = 0
    """Tokens of the model while it had no price."""
    expires_at: int | None = None

    @property
    def day(self) -> str:
        return self.bucket.split("#")[0]

    @property
    def kind(self) -> str:
        return self.bucket.split("#")[1]

    @property
    def provider(self) -> str:
        return self.bucket.split("#")[2]

    @property
    def model(self) -> str:
        return self.bucket.split("#", 3)[3]


BUDGETS: Final = TableSpec("budgets", BudgetCounter, fate=(EXPIRES,), ttl="expiresAt")
USAGE: Final = TableSpec("usage", UsageRow, fate=(EXPIRES,), sort="bucket", ttl="expiresAt")


@frozen
class Totals:
    """Sums over attempts. Costs are nano-dollars."""

    attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: int = 0
    unpriced_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @classmethod
    def of(cls, rows: "Iterable[UsageRow | Totals]") -> "Totals":
        """Add up."""
        given = list(rows)
        return cls(*(sum(getattr(row, name) for row in given) for name in (field.name for field in fields(cls))))

    @classmethod
    def of_attempts(cls, attempts: Iterable[AttemptUsage]) -> "Totals":
        """Add up priced attempts."""
        return cls.of(
            cls(
                1,
                attempt.input_tokens,
                attempt.output_tokens,
                attempt.cached_tokens,
                attempt.reasoning_tokens,
                attempt.cost or 0,
                attempt.tokens if attempt.cost is None else 0,
            )
            for attempt in attempts
        )


def counter_id(team_id: TeamId, month: str) -> str:
    return f"{team_id}#{month}"


def bucket(day: str, kind: str, attempt: AttemptUsage) -> str:
    return f"{day}#{kind}#{attempt.provider}#{attempt.model}"
