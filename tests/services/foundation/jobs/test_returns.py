"""The promise that a worker outlives a message that it cannot return to its queue."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from services.core.clock import utc_now
from services.foundation.aws.clients import connect
from services.foundation.aws.provision import QueueSpec, Resources, provision
from services.foundation.aws.queue import Queue
from services.foundation.aws.tables import Table
from services.foundation.events.memory import MemoryLog
from services.foundation.jobs.run import Run
from tests.fakes.sqs import FakeSQS
from tests.services.foundation.jobs.effects import ERRANDS, Errand, Town


@pytest.fixture
async def town(emulator: str) -> AsyncIterator[Town]:
    name = f"errands-{uuid.uuid4().hex}"
    real = connect(region="us-east-1", endpoint=emulator)
    with FakeSQS() as sqs:
        aws = sqs.beside(real)
        provision(aws, Resources([(name, ERRANDS)], [QueueSpec("errands", visibility=60)], name, name))
        yield Town(
            sqs,
            Queue(aws=aws, name="errands", wait=1),
            Table(aws=aws, spec=ERRANDS, name=name, now=utc_now),
            MemoryLog(utc_now),
        )
        real.sqs.close()
        real.close()
        aws.close()


async def test_a_worker_that_cannot_put_a_message_off_goes_on_with_the_others(town: Town) -> None:
    going_on = asyncio.Event()

    async def wait(run: Run[Errand]) -> None:
        del run
        await going_on.wait()

    errands = town.errands(wait)
    async with town.workers([errands], slots=2):  # of which one team may have one
        jobs = [await town.ask()]
        await errands.until(lambda: errands.begun[jobs[0]] == 1)
        town.sqs.switches.throttled["DeleteMessage"] = 4  # as often as boto tries
        jobs.append(await town.ask())
        async with asyncio.timeout(30):
            await town.sqs.until(lambda: not town.sqs.switches.throttled["DeleteMessage"])
        going_on.set()
        await errands.until(lambda: all(errands.notified[job_id] == 1 for job_id in jobs))
        await town.emptied()

    assert [errands.ended[job_id] for job_id in jobs] == [1, 1]
