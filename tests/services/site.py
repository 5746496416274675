"""A project in a stage whose workers run only when a test tells them to."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.bootstrap import Process, Services, opened
from services.config import Config
from services.core.actor import Actor
from services.core.ids import DeploymentId
from services.deployments.model import Deployment
from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.foundation.auth.tokens import Subject
from services.foundation.aws.queue import Depth, Queue
from services.foundation.jobs.worker import Worker
from services.generations.model import Generation, GenerationKind
from services.generations.service import NewGeneration
from services.projects.model import Project
from services.projects.service import NewProject
from services.usage.model import counter_id
from tests.records import deployment_of
from tests.services.usage.books import SetClock

MODEL = SchemaModel((Table("t", (Field("id", FieldType.STRING, primary_key=True),)),))


@dataclass
class Site:
    """A project with a schema, in a stage whose workers run only when they are told to."""

    process: Process
    clock: SetClock
    actor: Actor
    project: Project
    deployed: list[DeploymentId] = field(default_factory=list[DeploymentId])
    """Deployments whose records were stored."""

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
        counter = await budgets.counters.find(counter_id(self.project.team_id, self.clock().date().isoformat()[:7]))
        return counter.committed_tokens if counter else 0

    async def deployment(self, code: Generation, **fields: object) -> Deployment:
        """Store the record of a deployment, which no worker has."""
        now = self.clock()
        when: dict[str, object] = {"created_at": now, "updated_at": now}
        record = deployment_of(self.project, code.id, user_id=self.actor.user_id, **when | fields)
        await self.services.deployments.table.put_new(record)
        self.deployed.append(record.id)
        return record

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Run the workers for the length of the block."""
        stop = asyncio.Event()
        running = asyncio.gather(*(one.run(stop) for one in self.process.workers if isinstance(one, Worker)))
        yield
        stop.set()
        await running


@asynccontextmanager
async def standing(config: Config) -> AsyncGenerator[Site]:
    """Open a process of a stage, and a project with a schema for somebody new."""
    clock = SetClock()
    async with opened(config, {}, now=clock) as process:
        services = process.services
        actor = await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
        project = await services.projects.create(NewProject("Users", "Users and roles"), by=actor)
        await services.schemas.save(project.id, MODEL, expected_version=None, by=actor)
        yield Site(process, clock, actor, await services.projects.get(project.id, by=actor))


async def emptied(queue: Queue) -> None:
    """Wait until a queue has no message, waiting or in flight."""
    async with asyncio.timeout(30):
        while True:
            if await queue.depth() == Depth(0, 0):
                return
            await asyncio.sleep(0.1)
