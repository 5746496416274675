"""What rates promise, over several processes on one table."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from services.core.errors import Limited
from services.core.ids import UserId
from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.provision import Resources, provision
from services.foundation.aws.tables import Table
from services.foundation.limits.rate_limit import RATES, RateLimiter

ALICE, BOB = UserId("user_alice"), UserId("user_bob")
NOON = datetime(2035, 1, 31, 12, tzinfo=UTC)


@dataclass
class SetClock:
    at: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def stations(emulator: str) -> AsyncIterator[tuple[RateLimiter, RateLimiter, SetClock]]:
    """Two processes and their clock; five a minute."""
    clock, name = SetClock(), f"rates-{uuid.uuid4().hex}"
    clients: list[Aws] = [connect(region="us-east-1", endpoint=emulator) for _ in range(2)]
    provision(clients[0], Resources([(name, RATES)], [], name, name))
    one, other = (
        RateLimiter(table=Table(aws=aws, spec=RATES, name=name, now=clock), most=5, now=clock) for aws in clients
    )
    yield one, other, clock
    for aws in clients:
        aws.close()


async def take(rates: RateLimiter, key: str | None = None, *, by: UserId = ALICE) -> float | None:
    """Return None where it was allowed, or the seconds to wait."""
    try:
        await rates.take("ai", key or uuid.uuid4().hex, by=by)
    except Limited as limited:
        return limited.retry_after
    return None


async def test_of_many_at_once_in_two_processes_exactly_as_many_pass_as_may(
    stations: tuple[RateLimiter, RateLimiter, SetClock],
) -> None:
    one, other, _ = stations

    waits = await asyncio.gather(*(take(rates) for rates in (one, other) for _ in range(50)))

    assert sorted(waits, key=str) == [60.0] * 95 + [None] * 5


async def test_no_minute_has_more_whenever_it_begins(stations: tuple[RateLimiter, RateLimiter, SetClock]) -> None:
    one, other, clock = stations
    for second in (0, 10, 20, 30, 40):
        clock.at = NOON + timedelta(seconds=second)
        assert await take(one) is None

    clock.at = NOON + timedelta(seconds=59, milliseconds=500)
    early = await take(other)
    clock.at = NOON + timedelta(seconds=60)
    on_time = await take(other)
    next_one = await take(one)

    assert (early, on_time, next_one) == (0.5, None, 10.0)


async def test_the_same_thing_done_again_counts_once(stations: tuple[RateLimiter, RateLimiter, SetClock]) -> None:
    one, other, _ = stations
    for number in range(5):
        await asyncio.gather(take(one, f"generation_{number}"), take(other, f"generation_{number}"))

    again, more = await take(other, "generation_0"), await take(one, "generation_5")

    assert (again, more) == (None, 60.0)


async def test_users_do_not_slow_each_other(stations: tuple[RateLimiter, RateLimiter, SetClock]) -> None:
    one, _, _ = stations
    for _ in range(5):
        await take(one)

    assert await take(one) == 60.0
    assert await take(one, by=BOB) is None


async def test_a_refused_one_does_not_lengthen_the_wait(stations: tuple[RateLimiter, RateLimiter, SetClock]) -> None:
    one, _, clock = stations
    for _ in range(8):
        await take(one)

    clock.at = NOON + timedelta(seconds=60)

    assert [await take(one) for _ in range(6)] == [None] * 5 + [60.0]


async def test_no_limit_writes_nothing(stations: tuple[RateLimiter, RateLimiter, SetClock]) -> None:
    one, _, clock = stations
    free = RateLimiter(table=one.table, most=0, now=clock)

    for _ in range(8):
        assert await take(free) is None

    assert await one.table.find(f"{ALICE}#ai") is None
