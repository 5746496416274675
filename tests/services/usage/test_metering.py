"""The promise that what an answer has used is on the record, whenever its run is cut short."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from services.core.clock import utc_now
from services.foundation.events.memory import MemoryLog
from services.foundation.events.producer import Producer
from services.foundation.jobs.run import Run, claim
from services.generations.model import GenerationStatus
from services.llm.port import ChatTask, Finished, FinishReason, Options, Request, Started, Usage
from services.usage.metering import metered
from services.usage.model import AttemptOutcome
from tests.services.usage.books import Office, new_stage, office

REQUEST = Request(ChatTask("Shop", "A shop", None, "What?"), (), "chat/1", Options(max_tokens=100))


@pytest.fixture
async def desk(emulator: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(new_stage(emulator, SNAPINFRA_DATA=str(tmp_path))) as opened_office:
        yield opened_office


async def test_a_cancel_while_what_an_answer_used_is_being_stored_does_not_lose_it(desk: Office) -> None:
    table = desk.services.generations.table
    generation = await desk.generate()
    record = await table.aws.run(claim, table, generation.id, owner="me", lease=60, now=utc_now)
    assert record is not None
    going_on = threading.Event()
    with ThreadPoolExecutor(1) as busy:
        busy.submit(going_on.wait)
        slow = replace(table, aws=replace(table.aws, requests=busy))
        run = Run(slow, record, Producer(MemoryLog(utc_now), record.id, attempt=record.attempt))
        ended = asyncio.Event()

        async def answer() -> None:
            async with metered(run, REQUEST) as meter:
                meter.take(Started("groq", "m"))
                meter.take(Usage(11, 7))
                meter.take(Finished(FinishReason.STOP))
                ended.set()

        answering = asyncio.create_task(answer())
        await ended.wait()
        answering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answering
        going_on.set()
        await run.save(status=GenerationStatus.CANCELED)

    (attempt,) = (await desk.found(generation)).attempts
    assert (attempt.outcome, attempt.input_tokens, attempt.output_tokens) == (AttemptOutcome.COMPLETED, 11, 7)
