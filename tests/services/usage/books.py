"""What tests of usage share: a stage whose clock they set, and a team's books as they are stored."""

import os
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.bootstrap import Process, Services, opened
from services.config import Config
from services.core.actor import Actor
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.ids import GenerationId
from services.foundation.auth.tokens import Subject
from services.generations.model import Generation, GenerationKind
from services.generations.service import NewGeneration
from services.projects.model import Project
from services.projects.service import NewProject
from services.usage.model import Totals, counter_id
from tests.snapinfra import provisioned


@dataclass
class SetClock:
    """The machine's time, moved."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def set(self, moment: datetime) -> None:
        self.ahead = moment - utc_now()


@frozen
class Books:
    """One team's month."""

    spent_tokens: int = 0
    reserved_tokens: int = 0
    spent_cost: int = 0
    reserved_cost: int = 0


@dataclass
class Office:
    """A process with one user's project."""

    process: Process
    clock: SetClock
    by: Actor
    project: Project
    asked: list[GenerationId] = field(default_factory=list[GenerationId])

    @property
    def services(self) -> Services:
        return self.process.services

    async def generate(self, prompt: str = "Notes", *, client_mutation_id: str | None = None) -> Generation:
        """Ask for a schema."""
        new = NewGeneration(
            self.project.id, GenerationKind.SCHEMA, prompt=prompt, client_mutation_id=client_mutation_id
        )
        return await self.services.generations.create(new, by=self.by)

    async def found(self, generation: Generation) -> Generation:
        record = await self.services.generations.table.find(generation.id)
        assert record is not None
        return record

    async def books(self, month: str | None = None) -> Books:
        """Return a month as the counter has it; the current one by default."""
        where = counter_id(self.project.team_id, month or self.clock().strftime("%Y-%m"))
        counter = await self.services.usage.counters.find(where)
        if counter is None:
            return Books()
        return Books(
            counter.spent_tokens,
            counter.committed_tokens - counter.spent_tokens,
            counter.spent_cost,
            counter.committed_cost - counter.spent_cost,
        )

    async def used(self) -> Totals:
        """Return the sums of all usage rows."""
        rows = await self.services.usage.usage.between(self.project.team_id, "0", "~")
        return Totals.of(rows)


def new_stage(emulator: str, **variables: str) -> Config:
    """Provision a stage."""
    return provisioned(emulator, AI_REQUESTS_PER_MINUTE="0", **variables)


@asynccontextmanager
async def office(config: Config) -> AsyncGenerator[Office]:
    """Open a process of a stage for somebody new; its workers run only when a test runs them."""
    clock = SetClock()
    async with opened(config, dict(os.environ), now=clock) as process:  # noqa: TID251 - nothing of it is used here
        by = await process.services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
        project = await process.services.projects.create(NewProject("p"), by=by)
        yield Office(process, clock, by, project)
