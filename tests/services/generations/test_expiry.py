"""How long the records of generations are kept: those that made nothing, for 90 days."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cli.serving import provision_stage
from services.bootstrap import Process, opened
from services.core.actor import Actor
from services.foundation.auth.tokens import Subject
from services.foundation.jobs.worker import Worker
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.generations.service import NewGeneration
from services.projects.service import NewProject
from tests.fakes.llm import FakeLLM, Status
from tests.snapinfra import settings


@pytest.fixture
async def process(emulator: str, tmp_path: Path) -> AsyncGenerator[Process]:
    """Build a process whose model refuses everything; its workers run only when they are told to."""
    with FakeLLM(default=Status(401)) as fake:
        config = settings(emulator, SNAPINFRA_DATA=str(tmp_path), GROQ_API_KEY="gsk_test", GROQ_BASE_URL=fake.groq_url)
        await asyncio.to_thread(provision_stage, config)
        async with opened(config, {}) as parts:
            yield parts


async def test_one_canceled_before_it_began_is_forgotten_after_90_days(process: Process) -> None:
    asked, actor = await ask(process)

    canceled = await process.services.generations.cancel(asked.id, by=actor)

    assert asked.expires_at is None
    assert canceled.status is GenerationStatus.CANCELED
    assert canceled.expires_at == after_90_days(canceled.finished_at)


async def test_one_that_failed_is_forgotten_after_90_days_unless_it_is_put_back(process: Process) -> None:
    asked, actor = await ask(process)
    async with working(process):
        async with process.services.generations.follow(asked.id, after=None, by=actor) as events:
            async for _ in events:
                pass
        failed = await process.services.generations.get(asked.id, by=actor)

    root = await process.services.users.actor(Subject("user_root"))
    again = await process.services.admin.redrive(asked.id, by=root)

    assert failed.status is GenerationStatus.FAILED
    assert failed.expires_at == after_90_days(failed.finished_at)
    assert (again.status, again.expires_at) == (GenerationStatus.QUEUED, None)


async def ask(process: Process) -> tuple[Generation, Actor]:
    services = process.services
    actor = await services.users.actor(Subject("user_alice"))
    project = await services.projects.create(NewProject("Users", "Users and roles"), by=actor)
    return await services.generations.create(NewGeneration(project.id, GenerationKind.SCHEMA), by=actor), actor


@asynccontextmanager
async def working(process: Process) -> AsyncGenerator[None]:
    """Run the workers for the length of the block."""
    stop = asyncio.Event()
    running = asyncio.gather(*(one.run(stop) for one in process.workers if isinstance(one, Worker)))
    yield
    stop.set()
    await running


def after_90_days(moment: datetime | None) -> int:
    assert moment is not None
    return int((moment + timedelta(days=90)).timestamp())
