"""The promise that a crash between a generation's record and its terminal event is repaired."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.bootstrap import Services, opened
from services.core.actor import Actor
from services.core.clock import utc_now
from services.core.ids import SchemaId, new_id
from services.foundation.auth.tokens import Subject
from services.foundation.events.port import EventLog
from services.foundation.events.stream import StreamEvent
from services.foundation.jobs.record import end_of_job
from services.generations import history
from services.generations.artifact import Artifact, store
from services.generations.events import AttemptStarted, GenerationEvent, GenerationFinished, TokenDelta, encode
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.projects.service import NewProject
from tests.records import generation_of
from tests.snapinfra import provisioned


@pytest.fixture
async def services(emulator: str, tmp_path: Path) -> AsyncIterator[Services]:
    config = provisioned(emulator, SNAPINFRA_DATA=str(tmp_path))
    async with opened(config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
        yield process.services


async def ended(services: Services, by: Actor) -> Generation:
    """Store a generation as its worker does before the terminal event."""
    project = await services.projects.create(NewProject("p"), by=by)
    where = "generations/test/attempt-1"
    await store(services.generations.bucket, where, Artifact("the text"))
    generation = generation_of(
        project,
        kind=GenerationKind.SCHEMA,
        prompt="p",
        attempt=1,
        schema_id=SchemaId(new_id("schema")),
        artifact=where,
        finished_at=end_of_job(utc_now)["finished_at"],
    )
    await services.generations.table.put_new(generation)
    return generation


async def seen(services: Services, generation: Generation, by: Actor) -> list[GenerationEvent]:
    async with services.generations.follow(generation.id, after=None, by=by) as followed:
        return [event.event async for event in followed if isinstance(event, StreamEvent)]


async def closed(log: EventLog, generation: Generation) -> bool:
    return (await log.read(generation.id, after=0, limit=1)).head.closed


async def test_a_stream_that_was_not_closed_is_closed_by_the_next_delivery(services: Services) -> None:
    by = await services.users.actor(Subject("user_alice"))
    generation, log = await ended(services, by), services.generations.event_log
    begun = [AttemptStarted(1, "scaffold", "scaffold-1", resets_text=True), TokenDelta("the te", 0)]
    await log.append(generation.id, [encode(event) for event in begun], attempt=1, producer_seq=1)
    artifact = await services.generations.artifact(generation)

    await history.close_stream(log, generation, artifact)
    await history.close_stream(log, generation, artifact)

    assert await closed(log, generation)
    happened = await seen(services, generation, by)
    assert happened[:2] == begun
    assert isinstance(happened[2], AttemptStarted)
    assert happened[2].resets_text
    assert happened[3:] == [TokenDelta("the text", 0), GenerationFinished(GenerationStatus.COMPLETED)]


async def test_a_stream_that_the_log_has_lost_is_told_again_in_full(services: Services) -> None:
    by = await services.users.actor(Subject("user_alice"))
    generation, log = await ended(services, by), services.generations.event_log

    await history.close_stream(log, generation, await services.generations.artifact(generation))

    assert [type(event) for event in await seen(services, generation, by)] == [
        AttemptStarted,
        TokenDelta,
        GenerationFinished,
    ]


async def test_a_log_that_knows_nothing_is_told_from_storage(services: Services) -> None:
    by = await services.users.actor(Subject("user_alice"))
    generation = await ended(services, by)

    happened = await seen(services, generation, by)

    assert happened[1] == TokenDelta("the text", 0)
    assert happened[-1] == GenerationFinished(GenerationStatus.COMPLETED)
