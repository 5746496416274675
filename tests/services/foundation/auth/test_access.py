"""What a process may rely on of what it remembers of users, while others change what these may do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from secrets import token_bytes

import pytest

from services.bootstrap import table_name
from services.core.clock import utc_now
from services.core.ids import new_id
from services.core.recent import Recent
from services.foundation.auth.access import ACCESS_CHANGES, LONGEST, REMEMBERED_FOR, AccessChanges
from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.emulator import free_port
from services.foundation.aws.tables import Table
from tests.fakes.clock import Clock
from tests.snapinfra import Server

PATIENCE = 60.0


@pytest.fixture
def clock() -> Clock:
    return Clock(utc_now())


@pytest.fixture
def ann() -> str:
    """Somebody of whom no other test has told."""
    return new_id("user")


@pytest.fixture
async def processes(server: Server, aws: Aws, clock: Clock) -> AsyncIterator[list[AccessChanges]]:
    both = [changes(server, aws, clock) for _ in range(2)]
    yield both
    for each in both:
        await each.aclose()


def changes(server: Server, aws: Aws, clock: Clock) -> AccessChanges:
    table = Table(aws=aws, spec=ACCESS_CHANGES, name=table_name(server.config, ACCESS_CHANGES), now=clock)
    return AccessChanges(table=table, random=token_bytes, now=clock)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - a memory tells nobody
            await asyncio.sleep(0.02)


async def relied_on(memory: Recent[str], clock: Clock, key: str) -> None:
    """Have a value that is older than what is remembered without news, and is relied on."""
    clock.advance(seconds=REMEMBERED_FOR.total_seconds() + 1)
    memory.get(key)  # whoever asks has news read from now on
    await asyncio.sleep(0)
    memory.put(key, "known", read_at=clock())
    clock.advance(seconds=REMEMBERED_FOR.total_seconds() + 1)
    await until(lambda: memory.get(key) == "known")


async def test_what_is_remembered_lasts_a_minute_while_news_are_read(
    processes: list[AccessChanges], clock: Clock, ann: str
) -> None:
    memory: Recent[str] = processes[0].memory(most=10)
    memory.put(ann, "known", read_at=clock())
    await relied_on(memory, clock, ann)

    clock.advance(seconds=LONGEST.total_seconds())

    assert memory.get(ann) is None


async def test_another_process_changes_somebodys_access(processes: list[AccessChanges], clock: Clock, ann: str) -> None:
    here, elsewhere = processes
    memory: Recent[str] = here.memory(most=10)
    memory.put(ann, "known", read_at=clock())
    await relied_on(memory, clock, ann)

    async with elsewhere.changing(ann):
        await until(lambda: memory.get(ann) is None)  # before the change has been made
        clock.advance(seconds=0.1)
        memory.put(ann, "as it was", read_at=clock())
        before = memory.get(ann)
        clock.advance(seconds=REMEMBERED_FOR.total_seconds())
        after = [memory.get(ann) for _ in range(3) if await asyncio.sleep(1, result=True)]

    assert before == "as it was"
    assert after == [None, None, None]


async def test_a_process_that_ends_before_it_has_told_of_its_change_leaves_nobody_with_old_rights(
    processes: list[AccessChanges], clock: Clock, ann: str
) -> None:
    here, elsewhere = processes
    memory: Recent[str] = here.memory(most=10)
    memory.put(ann, "known", read_at=clock())
    await relied_on(memory, clock, ann)

    with pytest.raises(OSError, match="killed"):
        async with elsewhere.changing(ann):
            raise OSError("killed")

    await until(lambda: memory.get(ann) is None)


async def test_nothing_is_relied_on_for_longer_while_news_can_not_be_read(
    server: Server, clock: Clock, ann: str
) -> None:
    away = connect(region="us-east-1", endpoint=f"http://127.0.0.1:{free_port()}")
    access = changes(server, away, clock)
    memory: Recent[str] = access.memory(most=10)
    memory.put(ann, "known", read_at=clock())
    known = memory.get(ann)

    clock.advance(seconds=REMEMBERED_FOR.total_seconds())
    after = [memory.get(ann) for _ in range(3) if await asyncio.sleep(0.5, result=True)]

    await access.aclose()
    away.close()
    assert known == "known"
    assert after == [None, None, None]
