"""The promise that what an answer has used is on the record, whenever its run is cut short."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from services.core.clock import utc_now
from services.foundation.aws.calls import Calls
from services.foundation.events.memory import MemoryLog
from services.foundation.events.producer import Producer
from services.foundation.jobs.run import Run, claim
from services.generations.model import GenerationStatus
from services.llm.port import ChatTask, Finished, FinishReason, Options, Request, Started, Usage
from services.usage.metering import metered
from services.usage.model import AttemptOutcome
from tests.services.usage.books import Office, new_stage, office

T = TypeVar("T")
REQUEST = Request(ChatTask("Shop", "A shop", None, "What?"), (), "chat/1", Options(max_tokens=100))


@pytest.fixture
async def desk(emulator: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(new_stage(emulator, SNAPINFRA_DATA=str(tmp_path))) as opened_office:
        yield opened_office


@dataclass
class Held:
    """Calls that wait before they are sent."""

    calls: Calls
    going_on: asyncio.Event

    async def call(self, operation: str, request: Mapping[str, Any], *, seconds: float = 30) -> dict[str, Any]:
        await self.going_on.wait()
        return await self.calls.call(operation, request, seconds=seconds)

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        return await self.calls.finish(work)


async def test_a_cancel_while_what_an_answer_used_is_being_stored_does_not_lose_it(desk: Office) -> None:
    table = desk.services.generations.table
    generation = await desk.generate()
    record = await claim(table, generation.id, owner="me", lease=60, now=utc_now)
    assert record is not None
    going_on = asyncio.Event()
    slow = replace(table, aws=replace(table.aws, tables=Held(table.aws.tables, going_on)))
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
