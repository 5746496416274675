"""The tests of pauses: who is asked to wait waits in every process."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.provision import Resources, provision
from services.foundation.aws.tables import Table
from services.foundation.limits.pauses import LONGEST, PAUSES, Pauses

KEY = "heroku#0123"


@dataclass
class SetClock:
    at: datetime = field(default=datetime(2035, 1, 31, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def processes(emulator: str) -> AsyncIterator[tuple[Pauses, Pauses, SetClock]]:
    """Two processes and their clock."""
    clock, name = SetClock(), f"pauses-{uuid.uuid4().hex}"
    clients: list[Aws] = [connect(region="us-east-1", endpoint=emulator) for _ in range(2)]
    provision(clients[0], Resources([(name, PAUSES)], [], name, name))
    one, other = (Pauses(table=Table(aws=aws, spec=PAUSES, name=name, now=clock), now=clock) for aws in clients)
    yield one, other, clock
    for aws in clients:
        aws.close()


async def test_a_pause_holds_in_every_process_until_it_is_over(processes: tuple[Pauses, Pauses, SetClock]) -> None:
    one, other, clock = processes
    assert await other.left(KEY) == 0
    await one.extend(KEY, 10)
    assert await other.left(KEY) == 10
    assert await other.left("heroku#another") == 0
    clock.at += timedelta(seconds=4)
    assert await other.left(KEY) == 6
    clock.at += timedelta(seconds=7)
    assert await other.left(KEY) == 0


async def test_a_longer_pause_stays_and_none_is_endless(processes: tuple[Pauses, Pauses, SetClock]) -> None:
    one, other, _ = processes
    await one.extend(KEY, 60)
    await other.extend(KEY, 5)
    assert await one.left(KEY) == 60
    await other.extend(KEY, 10**8)
    assert await one.left(KEY) == LONGEST.total_seconds()
