"""The promise that a generation is settled however it ends, and by whom its end is found if nobody did."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from services.foundation.jobs.record import Lease, end_of_job
from services.foundation.jobs.sweeper import Sweeper
from services.foundation.jobs.worker import MAX_CRASHES
from services.generations.model import Generation, GenerationReason, GenerationStatus
from services.usage.model import AttemptOutcome, AttemptUsage
from tests.fakes.llm import USAGE, Answer, Behaviour, Drop, FakeLLM, Status
from tests.services.usage.books import Books, Office, new_stage, office

MODELS = {"GROQ_API_KEY": "k", "OPENAI_API_KEY": "k"}
USED = int(str(USAGE["prompt_tokens"])), int(str(USAGE["completion_tokens"]))
GROQ_COST = (11 - 3) * 150 + 3 * 75 + 7 * 600
OPENAI_COST = (11 - 3) * 250 + 3 * 25 + 7 * 2000


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM() as server:
        yield server


@pytest.fixture
async def desk(emulator: str, fake: FakeLLM, tmp_path: Path) -> AsyncIterator[Office]:
    config = new_stage(
        emulator,
        SNAPINFRA_DATA=str(tmp_path),
        GROQ_BASE_URL=fake.groq_url,
        OPENAI_BASE_URL=fake.openai_url,
        AI_TEAM_MONTHLY_TOKENS="1000000",
        **MODELS,
    )
    async with office(config) as opened_office:
        yield opened_office


@asynccontextmanager
async def working(desk: Office) -> AsyncGenerator[None]:
    """Run the worker of generations for the length of the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(desk.process.workers[0].run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


def sweeper(desk: Office) -> Sweeper[Generation]:
    return cast("Sweeper[Generation]", desk.process.workers[1])


async def until(desk: Office, generation: Generation, holds: Callable[[Generation], bool]) -> Generation:
    """Wait until something is so of a generation."""
    async with asyncio.timeout(30):
        while not holds(record := await desk.found(generation)):  # noqa: ASYNC110 - a worker writes it
            await asyncio.sleep(0.02)
    return record


async def settled(desk: Office, generation: Generation) -> Generation:
    return await until(desk, generation, lambda record: record.settled_at is not None)


async def balanced(desk: Office) -> Books:
    """Return the month's books, having checked that they are what the rows of usage say."""
    books, used = await desk.books(), await desk.used()
    assert (books.spent_tokens, books.spent_cost) == (used.tokens, used.cost)
    return books


async def changed(desk: Office, generation: Generation, **fields: Any) -> None:
    await desk.services.generations.table.update(generation.id, lambda old: replace(old, **fields))


def told(attempts: tuple[AttemptUsage, ...]) -> list[tuple[str, AttemptOutcome, bool, int | None]]:
    return [(one.provider, one.outcome, one.estimated, one.cost) for one in attempts]


async def test_a_generation_that_completes_pays_what_the_provider_counted(desk: Office) -> None:
    generation = await desk.generate()
    async with working(desk):
        record = await settled(desk, generation)

    assert told(record.attempts) == [("groq", AttemptOutcome.COMPLETED, False, GROQ_COST)]
    assert await balanced(desk) == Books(sum(USED), 0, GROQ_COST, 0)


@pytest.mark.parametrize("first", [Status(500), Drop()], ids=["refused", "dropped"])
async def test_a_provider_that_fails_before_it_speaks_pays_nothing(
    desk: Office, fake: FakeLLM, first: Behaviour
) -> None:
    fake.script.append(first)
    generation = await desk.generate()
    async with working(desk):
        record = await settled(desk, generation)

    assert told(record.attempts) == [("openai", AttemptOutcome.COMPLETED, False, OPENAI_COST)]
    assert await balanced(desk) == Books(sum(USED), 0, OPENAI_COST, 0)


@pytest.mark.parametrize("first", [Answer(cut_after=3), Answer(error_after=3)], ids=["cut", "error"])
async def test_a_provider_that_fails_pays_for_what_it_had_said(desk: Office, fake: FakeLLM, first: Behaviour) -> None:
    fake.script.append(first)
    generation = await desk.generate()
    async with working(desk):
        record = await settled(desk, generation)

    failed, completed = record.attempts
    assert told((completed,)) == [("openai", AttemptOutcome.COMPLETED, False, OPENAI_COST)]
    assert (failed.provider, failed.outcome, failed.estimated) == ("groq", AttemptOutcome.FAILED, True)
    assert failed.output_tokens > 0
    assert failed.input_tokens > 500
    cost = failed.input_tokens * 150 + failed.output_tokens * 600
    assert failed.cost == cost
    assert await balanced(desk) == Books(sum(USED) + failed.tokens, 0, OPENAI_COST + cost, 0)


async def test_a_generation_that_fails_pays_for_its_attempts(desk: Office, fake: FakeLLM) -> None:
    fake.script.extend([Answer(pieces=["{}"]), Answer(pieces=["{}"])])  # no schema, and none when asked again
    generation = await desk.generate()
    async with working(desk):
        record = await settled(desk, generation)

    assert (record.status, record.reason) == (GenerationStatus.FAILED, GenerationReason.INVALID_OUTPUT)
    assert told(record.attempts) == [("groq", AttemptOutcome.COMPLETED, False, GROQ_COST)] * 2
    assert await balanced(desk) == Books(2 * sum(USED), 0, 2 * GROQ_COST, 0)


async def test_a_generation_that_is_canceled_at_work_pays_for_what_was_said(desk: Office, fake: FakeLLM) -> None:
    fake.default = Answer(pieces=["{"], silent_after=1)
    generation = await desk.generate()
    async with working(desk):
        async with asyncio.timeout(30):
            while not (fake.requests and fake.requests[0].sent.is_set()):  # noqa: ASYNC110 - another thread sets it
                await asyncio.sleep(0.02)
        await desk.services.generations.cancel(generation.id, by=desk.by)
        record = await settled(desk, generation)

    (attempt,) = record.attempts
    assert record.status is GenerationStatus.CANCELED
    assert (attempt.outcome, attempt.estimated) == (AttemptOutcome.CANCELED, True)
    assert attempt.input_tokens > 500
    assert await balanced(desk) == Books(attempt.tokens, 0, attempt.cost or 0, 0)


async def test_a_generation_that_is_canceled_in_the_queue_gives_everything_back(desk: Office) -> None:
    generation = await desk.generate()
    held = await desk.books()

    canceled = await desk.services.generations.cancel(generation.id, by=desk.by)

    assert held.reserved_tokens > 0
    assert canceled.settled_at is not None
    assert await balanced(desk) == Books()


async def test_deleting_a_project_loses_no_settlement(desk: Office, fake: FakeLLM) -> None:
    fake.default = Answer(pieces=["{"], silent_after=1)
    at_work = await desk.generate()
    async with working(desk):
        await until(desk, at_work, lambda record: record.status is GenerationStatus.GENERATING)
        await desk.services.deletion.delete_project(desk.project.id, by=desk.by)
        record = await settled(desk, at_work)

    assert record.status is GenerationStatus.CANCELED
    assert (await balanced(desk)).reserved_tokens == 0


async def test_a_generation_whose_project_has_gone_gives_everything_back(desk: Office) -> None:
    generation = await desk.generate()
    await desk.services.deleted_projects.put(desk.project, by=desk.by)
    async with working(desk):
        record = await settled(desk, generation)

    assert record.reason is GenerationReason.PROJECT_DELETED
    assert await balanced(desk) == Books()


async def test_a_generation_that_loses_every_worker_gives_back_what_nobody_used(desk: Office) -> None:
    generation = await desk.generate()
    expired = Lease("lost", desk.clock() - timedelta(seconds=1))
    await changed(desk, generation, lease=expired, crashes=MAX_CRASHES - 1, attempt=MAX_CRASHES - 1)
    async with working(desk):
        record = await settled(desk, generation)

    assert record.reason is GenerationReason.WORKER_LOST
    assert await balanced(desk) == Books()


async def test_a_generation_past_its_deadline_gives_back_what_it_has_not_used(desk: Office) -> None:
    generation = await desk.generate()
    attempt = AttemptUsage(
        attempt=1, provider="groq", model="openai/gpt-oss-120b", outcome=AttemptOutcome.FAILED, input_tokens=10
    )
    await changed(desk, generation, attempts=(attempt,))
    month = desk.clock().strftime("%Y-%m")
    desk.clock.ahead += timedelta(days=2)

    await sweeper(desk).sweep()

    record = await desk.found(generation)
    assert record.reason is GenerationReason.TIMED_OUT
    assert await desk.books(month) == Books(10, 0, 1500, 0)


async def _nobody(desk: Office, generation: Generation) -> None:
    """Let the message be lost too, and the sweeper look."""
    queue = desk.services.generations.queue
    for delivery in await queue.receive(most=10, lease=60):
        await queue.delete(delivery.receipt)
    desk.clock.ahead += timedelta(minutes=5)
    await sweeper(desk).sweep()


async def _message(desk: Office, generation: Generation) -> None:
    """Let the message come again."""
    async with working(desk):
        await until(desk, generation, lambda record: record.notified_at is not None)


@pytest.mark.parametrize("finder", [_message, _nobody])
async def test_an_end_whose_settlement_was_lost_is_settled_by_whoever_finds_it(
    desk: Office, finder: Callable[[Office, Generation], Awaitable[None]]
) -> None:
    generation = await desk.generate()
    await changed(desk, generation, status=GenerationStatus.FAILED, **end_of_job(desk.clock))
    held = await desk.books()

    await finder(desk, generation)

    record = await desk.found(generation)
    assert held.reserved_tokens > 0
    assert record.settled_at is not None
    assert (record.notified_at is not None, record.open) == (True, None)
    assert await balanced(desk) == Books()


async def test_a_generation_that_has_used_up_what_was_reserved_is_not_asked_for_again(
    desk: Office, fake: FakeLLM
) -> None:
    generation = await desk.generate()
    assert generation.reservation is not None
    whole = generation.reservation.tokens
    used = AttemptUsage(
        attempt=1, provider="groq", model="openai/gpt-oss-120b", outcome=AttemptOutcome.FAILED, output_tokens=whole
    )
    await changed(desk, generation, attempts=(used,))
    async with working(desk):
        record = await settled(desk, generation)

    assert (record.status, record.reason) == (GenerationStatus.FAILED, GenerationReason.MAX_TOKENS)
    assert fake.requests == []
    assert await balanced(desk) == Books(whole, 0, whole * 600, 0)
