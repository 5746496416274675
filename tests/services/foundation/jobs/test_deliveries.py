"""The promise that a job has one effect, whatever SQS does with its message."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from services.core.clock import utc_now
from services.foundation.aws.clients import connect
from services.foundation.aws.provision import QueueSpec, Resources, provision
from services.foundation.aws.queue import Queue
from services.foundation.aws.tables import Table
from services.foundation.events.memory import MemoryLog
from services.foundation.jobs.run import Run
from tests.fakes.sqs import FakeSQS
from tests.services.foundation.jobs.effects import ERRANDS, PIECES, Errand, Errands, Town, Work

WHOLE = [*PIECES, b"."]
STORM = 500


@pytest.fixture(scope="module")
def table_name(emulator: str) -> str:
    """Make a table for all tests: the jobs of each have ids of their own."""
    name = f"errands-{uuid.uuid4().hex}"
    aws = connect(region="us-east-1", endpoint=emulator)
    provision(aws, Resources([(name, ERRANDS)], [], name, name))
    aws.close()
    return name


@pytest.fixture
async def town(emulator: str, table_name: str) -> AsyncIterator[Town]:
    real = connect(region="us-east-1", endpoint=emulator)
    with FakeSQS() as sqs:
        aws = sqs.beside(real)
        provision(aws, Resources([], [QueueSpec("errands", visibility=60)], table_name, table_name))
        yield Town(
            sqs,
            Queue(aws=aws, name="errands", wait=1),
            Table(aws=aws, spec=ERRANDS, name=table_name, now=utc_now),
            MemoryLog(utc_now),
        )
        real.sqs.close()
        real.close()
        aws.close()


async def test_a_message_that_comes_again_after_it_was_deleted_has_no_second_effect(town: Town) -> None:
    errands = town.errands()
    town.sqs.switches.undeleted = 2
    async with town.workers([errands]):
        job_id = await town.ask()
        await town.emptied()

    assert len(town.messages.deleted) == 3
    assert (errands.begun[job_id], errands.ended[job_id], errands.notified[job_id]) == (1, 1, 1)
    assert errands.settled[job_id] == 2
    assert await town.said(job_id) == WHOLE


async def test_a_run_whose_receipt_became_stale_unnoticed_goes_on_and_its_message_ends_too(town: Town) -> None:
    going_on = asyncio.Event()
    errands = town.errands(until(going_on))
    async with town.workers([errands]):
        job_id = await town.ask()
        await errands.until(lambda: errands.begun[job_id] == 1)
        await town.sqs.redeliver(town.queue.name, job_id)
        await given_back(town)
        going_on.set()
        await errands.until(lambda: errands.settled[job_id] == 1)
        await town.emptied()

    assert (errands.begun[job_id], errands.ended[job_id], errands.notified[job_id]) == (1, 1, 1)
    assert (await town.found(job_id)).attempt == 1
    assert await town.said(job_id) == WHOLE


async def test_a_run_whose_stale_receipt_is_refused_ends_without_a_second_effect(town: Town) -> None:
    going_on = asyncio.Event()

    async def first_waits(run: Run[Errand]) -> None:
        if run.attempt == 1:
            await going_on.wait()

    errands = town.errands(first_waits)
    town.sqs.switches.refuses_stale = True
    async with town.workers([errands]):
        job_id = await town.ask()
        await errands.until(lambda: errands.begun[job_id] == 1)
        await town.sqs.redeliver(town.queue.name, job_id)
        await errands.until(lambda: errands.notified[job_id] == 1)
        await town.emptied()

    record = await town.found(job_id)
    assert (errands.ended[job_id], errands.notified[job_id]) == (1, 1)
    assert record.artifact == f"attempt-{record.attempt}"
    assert await town.said(job_id) == WHOLE


async def held(town: Town, errands: Errands, going_on: asyncio.Event) -> list[str]:
    """Have three jobs done that go on once their messages were held three times; return their ids."""
    async with town.workers([errands]):
        jobs = [await town.ask(team=team) for team in "abc"]
        await errands.until(lambda: errands.begun.total() == 3)
        async with asyncio.timeout(30):
            await town.sqs.until(lambda: town.sqs.requests["ChangeMessageVisibility"] >= 3)
        going_on.set()
        await town.emptied()
    return jobs


@pytest.mark.parametrize("action", ["SendMessage", "ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage"])
async def test_a_queue_that_throttles_loses_and_doubles_nothing(town: Town, action: str) -> None:
    going_on = asyncio.Event()
    errands = town.errands(until(going_on))
    town.sqs.switches.throttled[action] = 3
    jobs = await held(town, errands, going_on)

    assert town.sqs.switches.throttled[action] == 0
    await check(town, jobs, errands.begun, errands.ended, errands.notified)


async def test_a_worker_outlasts_a_queue_that_refuses_longer_than_boto_tries(town: Town) -> None:
    errands = town.errands()
    town.sqs.switches.throttled["ReceiveMessage"] = 6
    async with town.workers([errands]):
        jobs = [await town.ask()]
        await town.emptied()

    await check(town, jobs, errands.begun, errands.ended, errands.notified)


@pytest.mark.parametrize("refuses_stale", [False, True])
@pytest.mark.parametrize("action", ["SendMessage", "ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage"])
async def test_answers_lost_after_the_work_was_done_lose_and_double_nothing(
    town: Town, action: str, *, refuses_stale: bool
) -> None:
    going_on = asyncio.Event()
    errands = town.errands(until(going_on))
    town.sqs.switches.refuses_stale = refuses_stale
    town.sqs.switches.lost[action] = 2
    jobs = await held(town, errands, going_on)

    assert town.sqs.switches.lost[action] == 0
    await check(town, jobs, errands.begun, errands.ended, errands.notified)


async def test_messages_in_any_order_are_all_done(town: Town) -> None:
    errands = town.errands()
    town.sqs.switches.shuffled = random.Random(1)  # noqa: S311 - not for secrets
    jobs = [await town.ask() for _ in range(20)]
    async with town.workers([errands]):
        await town.emptied()

    await check(town, jobs, errands.begun, errands.ended, errands.notified)


async def test_a_storm_of_duplicates_has_one_effect_per_job(town: Town) -> None:
    chance = random.Random(3)  # noqa: S311 - not for secrets
    switches = town.sqs.switches
    switches.shuffled = chance
    switches.copies = lambda _: chance.randint(1, 5)
    switches.lateness = lambda: chance.choice([0.0, chance.uniform(0, 15)])
    jobs = await asyncio.gather(*(town.ask(team=f"t{number % 20}") for number in range(STORM)))
    deliveries = len(town.messages.copies)
    switches.copies = lambda _: 1
    one, other = town.errands(), town.errands()
    async with town.workers([one, other], slots=10, lease=8):
        await town.emptied(seconds=120)

    assert deliveries > 2 * STORM
    assert town.sqs.requests["ChangeMessageVisibility"] > 0  # some met the run of another delivery
    assert min(len(one.begun), len(other.begun)) > STORM // 10
    await check(town, jobs, one.begun + other.begun, one.ended + other.ended, one.notified + other.notified)


def until(event: asyncio.Event) -> Work:
    async def wait(run: Run[Errand]) -> None:
        del run
        await event.wait()

    return wait


async def given_back(town: Town) -> None:
    """Wait until a second delivery of a message that somebody holds was given back."""
    async with asyncio.timeout(30):
        await town.sqs.until(lambda: town.sqs.requests["ChangeMessageVisibility"] >= 1)


async def check(
    town: Town, jobs: Sequence[str], begun: Counter[str], ended: Counter[str], notified: Counter[str]
) -> None:
    """Assert that each job had every effect once."""
    once = Counter(jobs)
    found = await asyncio.gather(*(town.found(job_id) for job_id in jobs))
    assert (begun, ended, notified) == (once, once, once)
    assert [await town.said(job_id) for job_id in jobs] == [WHOLE] * len(jobs)
    assert {(errand.artifact, errand.attempt, errand.crashes, errand.failures) for errand in found} == {
        ("attempt-1", 1, 0, 0)
    }
    assert town.dead.copies == []
