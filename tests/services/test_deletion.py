"""This file is what deleting promises around a worker: what goes on is not deleted, and what is deleted stays so."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from cli.serving import provision_stage
from services.auth.tokens import Subject
from services.aws.queue import Depth, Queue
from services.bootstrap import Process, Services, opened
from services.config import Config
from services.core.actor import Actor
from services.core.clock import utc_now
from services.core.errors import Conflict, NotFound
from services.core.ids import DeploymentId, new_id
from services.deployments.model import Deployment, DeploymentPlatform, DeploymentStatus
from services.generations.model import Generation, GenerationKind
from services.generations.service import NewGeneration
from services.jobs.record import ENDED, OPEN
from services.jobs.worker import Worker
from services.projects import NewProject, Project
from services.schemas.model import Field, FieldType, SchemaModel, Table
from services.usage.model import counter_id
from tests.snapinfra import settings

MODEL = SchemaModel((Table("t", (Field("id", FieldType.STRING, primary_key=True),)),))


@dataclass
class Site:
    """A project with a schema, in a stage whose workers run only when they are told to."""

    process: Process
    actor: Actor
    project: Project

    @property
    def services(self) -> Services:
        return self.process.services

    async def ask(self, kind: GenerationKind = GenerationKind.SCHEMA, base: Generation | None = None) -> Generation:
        new = NewGeneration(self.project.id, kind, prompt="Notes", base_id=base.id if base else None)
        return await self.services.generations.create(new, by=self.actor)

    async def made(self, kind: GenerationKind) -> Generation:
        """Ask for a generation, and return it once a worker has made it."""
        asked = await self.ask(kind)
        follow = self.services.generations.follow(asked.id, after=None, by=self.actor)
        async with self.working(), follow as events:
            async for _ in events:
                pass
        return await self.services.generations.get(asked.id, by=self.actor)

    async def delete(self, generation: Generation) -> Generation:
        return await self.services.deletion.delete_generation(generation.id, by=self.actor)

    async def committed(self) -> int:
        """Return the tokens that the team's month is committed to."""
        budgets = self.services.generations.budgets
        counter = await budgets.counters.find(counter_id(self.project.team_id, utc_now().date().isoformat()[:7]))
        return counter.committed_tokens if counter else 0

    async def deployment(self, code: Generation, **fields: object) -> Deployment:
        """Store the record of a deployment, which no worker has."""
        now = utc_now()
        record = Deployment(
            id=DeploymentId(new_id("deployment")),
            project_id=self.project.id,
            user_id=self.actor.user_id,
            team_id=self.project.team_id,
            project_owner_id=self.project.user_id,
            generation_id=code.id,
            platform=DeploymentPlatform.LOCAL,
            created_at=now,
            updated_at=now,
        )
        await self.services.deployments.table.put_new(record := replace(record, **fields))
        return record

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Run the workers for the length of the block."""
        stop = asyncio.Event()
        running = asyncio.gather(*(one.run(stop) for one in self.process.workers if isinstance(one, Worker)))
        yield
        stop.set()
        await running


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Provision a stage that no worker serves by itself."""
    data = tmp_path_factory.mktemp("data")
    config = settings(emulator, SNAPINFRA_DATA=str(data), AI_TEAM_MONTHLY_TOKENS="1000000")
    provision_stage(config)
    return config


@pytest.fixture
async def site(config: Config) -> AsyncGenerator[Site]:
    async with opened(config, {}) as process:
        services = process.services
        actor = await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
        project = await services.projects.create(NewProject("Users", "Users and roles"), by=actor)
        await services.schemas.save(project.id, MODEL, expected_version=None, by=actor)
        yield Site(process, actor, await services.projects.get(project.id, by=actor))


async def test_a_generation_that_has_not_ended_is_not_deleted(site: Site) -> None:
    asked = await site.ask()

    with pytest.raises(Conflict, match="this one is QUEUED: cancel it"):
        await site.delete(asked)

    assert await site.services.generations.get(asked.id, by=site.actor) == asked


async def test_one_canceled_before_it_began_can_be_deleted_and_its_end_is_told_and_settled(site: Site) -> None:
    asked = await site.ask()
    reserved = await site.committed()
    canceled = await site.services.generations.cancel(asked.id, by=site.actor)

    await site.delete(canceled)

    assert (canceled.open, reserved > 0, await site.committed()) == (ENDED, True, 0)
    with pytest.raises(NotFound):
        await site.services.generations.get(asked.id, by=site.actor)
    assert (await site.services.projects.get(site.project.id, by=site.actor)).working_id is None


async def test_a_generation_from_which_another_is_being_made_is_not_deleted(site: Site) -> None:
    base = await site.made(GenerationKind.CHAT)
    answer = await site.ask(GenerationKind.CHAT, base)

    with pytest.raises(Conflict, match="Another generation is being made from it"):
        await site.delete(base)

    assert await site.services.generations.artifact(base) is not None
    await site.services.generations.cancel(answer.id, by=site.actor)
    await site.delete(base)


async def test_code_that_a_deployment_runs_is_not_deleted(site: Site) -> None:
    code = await site.made(GenerationKind.CODE)
    running = await site.deployment(code, status=DeploymentStatus.SUCCESS, open=OPEN)

    with pytest.raises(Conflict, match="A deployment of its code is under way or runs"):
        await site.delete(code)

    assert await site.services.generations.artifact(code) is not None
    await site.services.deployments.cancel(running.id, by=site.actor)
    await site.delete(code)


async def test_a_deployment_whose_code_was_deleted_can_not_be_done_again(site: Site) -> None:
    code = await site.made(GenerationKind.CODE)
    ended = await site.deployment(code, status=DeploymentStatus.FAILED, finished_at=utc_now())
    await site.delete(code)

    with pytest.raises(Conflict, match="The code of this deployment was deleted"):
        await site.services.deployments.redeploy(ended.id, by=site.actor)


async def test_what_is_deleted_stays_deleted_when_its_message_comes_again(site: Site) -> None:
    generation = await site.made(GenerationKind.CODE)
    ended = await site.deployment(generation, status=DeploymentStatus.FAILED, finished_at=utc_now())
    services = site.services
    await services.deletion.delete_deployment(ended.id, by=site.actor)
    await site.delete(generation)

    for service, record in ((services.generations, generation), (services.deployments, ended)):
        await service.queue.send(record.id, group=record.team_id)
        async with site.working():
            await emptied(service.queue)
        assert await service.table.find(record.id) is None
        assert (await service.event_log.read(record.id, after=0)).head.last == 0
    assert await services.generations.artifact(generation) is None


async def test_a_generation_put_back_meanwhile_is_not_deleted(site: Site) -> None:
    asked = await site.ask()
    table = site.services.generations.table
    failed = await table.update(asked.id, lambda old: replace(old, finished_at=utc_now(), open=None))
    assert failed is not None
    await table.update(asked.id, lambda old: replace(old, finished_at=None, open=OPEN))

    with pytest.raises(Conflict, match="has ended"):
        await site.services.generations.remove(failed)

    assert await table.find(asked.id) is not None


async def emptied(queue: Queue) -> None:
    """Wait until a queue has no message, waiting or in flight."""
    async with asyncio.timeout(30):
        while True:
            if await queue.depth() == Depth(0, 0):
                return
            await asyncio.sleep(0.1)
