"""No event tells of a state that a query does not show yet: the records are read in the moment each event arrives."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from cli.rehearsal import FAILING, Rehearsal
from services.bootstrap import Services, opened
from services.core.actor import Actor
from services.core.clock import utc_now
from services.core.ids import DeploymentId, GenerationId, ProjectId
from services.deployments.deploying import NewDeployment
from services.deployments.events import DeploymentEvent, DeploymentFinished, DeploymentStatusChanged, LogFilter
from services.deployments.model import DeploymentConfig, DeploymentStatus
from services.foundation.auth.tokens import Subject
from services.foundation.aws.calls import at_once
from services.foundation.events.follow import Following
from services.foundation.events.stream import StreamEvent
from services.generations.events import AttemptStarted, GenerationFinished
from services.generations.model import GenerationKind, GenerationStatus
from services.generations.service import NewGeneration
from services.journal.model import ActivityEntry, Verb
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project, ProjectStatus
from services.projects.service import NewProject
from tests.snapinfra import provisioned

BUILDING, DEPLOYING, LIVE = DeploymentStatus.BUILDING, DeploymentStatus.DEPLOYING, DeploymentStatus.SUCCESS
ENDED: Final = {DeploymentStatus.FAILED, DeploymentStatus.CANCELED, DeploymentStatus.SUPERSEDED}

NOT_BEHIND: Final = {
    BUILDING: {BUILDING, DEPLOYING, LIVE, *ENDED},
    DEPLOYING: {DEPLOYING, LIVE, *ENDED},
    LIVE: {LIVE, *ENDED},
    **{status: {status} for status in ENDED},
}
"""What a deployment's record may say when an event tells of a status: that, or what comes after it."""


@dataclass
class Witness:
    """Reads what queries read, in the moment an event arrives, and keeps what is behind the event."""

    services: Services
    by: Actor
    project_id: ProjectId
    behind: list[str] = field(default_factory=list[str])
    seen: list[str] = field(default_factory=list[str])
    canceled: asyncio.Event = field(default_factory=asyncio.Event)
    """The activity has told of a cancel."""

    @property
    def project(self) -> Project:
        """The project as a query reads it; no other task runs meanwhile."""
        project = at_once(self.services.projects.table.blocking.find(self.project_id))
        assert project is not None
        return project

    def expect(self, event: str, *, holds: bool, shown: object) -> None:
        self.seen.append(event)
        if not holds:
            self.behind.append(f"{event}, but a query shows {shown}")

    async def deployment(self, deployment_id: DeploymentId) -> AsyncGenerator[DeploymentStatus]:
        """Yield the statuses that a deployment's stream tells of."""
        following = self.services.deployments.follow(deployment_id, after=None, shown=LogFilter(), by=self.by)
        async with following as events:
            async for event in _statuses(events):
                record = at_once(self.services.deployments.table.blocking.find(deployment_id))
                project = self.project
                assert record is not None
                name = f"{deployment_id} {event.status.value}"
                self.expect(name, holds=record.status in NOT_BEHIND[event.status], shown=record.status)
                self._project_of(deployment_id, event.status, project)
                counts = (await self.services.dashboards.get(None, by=self.by)).deployment_counts
                self.expect(name, holds=bool(NOT_BEHIND[event.status] & counts.keys()), shown=counts)
                yield event.status

    def _project_of(self, deployment_id: DeploymentId, status: DeploymentStatus, project: Project) -> None:
        name, live = f"{deployment_id} {status.value}", project.live_deployment_id
        if status in ENDED:
            self.expect(f"{name} in its project", holds=live != deployment_id, shown=live)
            self.expect(f"{name} in its project", holds=project.working_id != deployment_id, shown=project.working_id)
        elif status is LIVE:
            self.expect(f"{name} in its project", holds=live == deployment_id, shown=live)
            self.expect(f"{name} in its project", holds=project.status is ProjectStatus.DEPLOYED, shown=project.status)
        else:
            there = {ProjectStatus.DEPLOYING, ProjectStatus.DEPLOYED, ProjectStatus.ERROR}
            self.expect(f"{name} in its project", holds=project.status in there, shown=project.status)

    async def generation(self, generation_id: GenerationId, *, number: int) -> None:
        async with self.services.generations.follow(generation_id, after=None, by=self.by) as events:
            async for one in events:
                event = one.event if isinstance(one, StreamEvent) else None
                if not isinstance(event, AttemptStarted | GenerationFinished):
                    continue
                record, project = at_once(self.services.generations.table.blocking.find(generation_id)), self.project
                assert record is not None
                name = f"{generation_id} {type(event).__name__}"
                if isinstance(event, GenerationFinished):
                    self.expect(name, holds=record.status is event.status, shown=record.status)
                    self.expect(name, holds=project.status is ProjectStatus.READY, shown=project.status)
                else:
                    self.expect(name, holds=record.status is not GenerationStatus.QUEUED, shown=record.status)
                    self.expect(name, holds=project.status is not ProjectStatus.DRAFT, shown=project.status)
                dashboard = await self.services.dashboards.get(None, by=self.by)
                asked = dashboard.generations_this_month
                self.expect(name, holds=asked == number, shown=asked)

    async def activity(self) -> None:
        """Follow the team's activity, until cancelled."""
        async with self.services.activity.follow(team_id=None, project_id=None, after=None, by=self.by) as entries:
            async for one in entries:
                if isinstance(one, StreamEvent):
                    self._entry(one.event)

    def _entry(self, entry: ActivityEntry) -> None:
        tables: dict[str, Any] = {
            "project": self.services.projects.table,
            "generation": self.services.generations.table,
            "deployment": self.services.deployments.table,
        }
        record = at_once(tables[entry.entity_id.partition("_")[0]].blocking.find(entry.entity_id))
        name = f"{entry.entity_id} {entry.verb.value} in the activity"
        if entry.verb is Verb.CREATED:
            self.expect(name, holds=record is not None, shown=None)
        elif entry.verb is Verb.LIVE:
            self.expect(name, holds=record.status in NOT_BEHIND[LIVE], shown=record.status)
            self.expect(name, holds=self.project.status is ProjectStatus.DEPLOYED, shown=self.project.status)
        elif entry.verb is Verb.CANCELED:
            self.expect(name, holds=record.stop is not None, shown=record.status)
            self.canceled.set()
        else:
            self.expect(name, holds=record.status.value == entry.verb.value, shown=record.status)


async def _statuses(
    events: AsyncIterator[Following[DeploymentEvent]],
) -> AsyncGenerator[DeploymentStatusChanged | DeploymentFinished]:
    async for one in events:
        event = one.event if isinstance(one, StreamEvent) else None
        if isinstance(event, DeploymentStatusChanged | DeploymentFinished):
            yield event


@asynccontextmanager
async def _working(emulator: str, data: Path) -> AsyncGenerator[Services]:
    """Run a process whose deployments are rehearsed, with its worker."""
    config = provisioned(emulator, SNAPINFRA_DATA=str(data))
    platforms = {DeploymentPlatform.LOCAL: Rehearsal(utc_now)}
    async with opened(config, {}, platforms=platforms) as process:
        stop = asyncio.Event()
        workers = asyncio.gather(*(worker.run(stop) for worker in process.workers))
        try:
            yield process.services
        finally:
            stop.set()
            await workers


@pytest.fixture
async def witness(emulator: str, tmp_path: Path) -> AsyncGenerator[Witness]:
    async with _working(emulator, tmp_path) as services:
        by = await services.users.actor(Subject("user_witness"))
        project = await services.projects.create(NewProject("Shop", "Products and orders"), by=by)
        watching = Witness(services, by, project.id)
        following = asyncio.create_task(watching.activity())
        try:
            yield watching
        finally:
            following.cancel()
            await asyncio.wait([following])


async def test_no_event_tells_of_a_state_that_a_query_does_not_show_yet(witness: Witness) -> None:
    services, by, numbers = witness.services, witness.by, itertools.count(1)
    for kind in (GenerationKind.SCHEMA, GenerationKind.CODE):
        code = await services.generations.create(NewGeneration(witness.project_id, kind), by=by)
        await witness.generation(code.id, number=next(numbers))

    async def deploy(**variables: str) -> AsyncGenerator[DeploymentStatus]:
        config = DeploymentConfig(environment_variables=variables)
        new = NewDeployment(witness.project_id, code.id, DeploymentPlatform.LOCAL, config)
        deployment = await services.deployer.create(new, by=by)
        return witness.deployment(deployment.id)

    async with asyncio.timeout(180):
        first = await deploy()
        assert [await anext(first) for _ in range(3)] == [BUILDING, DEPLOYING, LIVE]
        second = await deploy()
        assert [await anext(second) for _ in range(3)] == [BUILDING, DEPLOYING, LIVE]
        assert [status async for status in first] == [DeploymentStatus.SUPERSEDED]
        failing = await deploy(**{FAILING: "1"})
        assert [status async for status in failing] == [BUILDING, DeploymentStatus.FAILED]
        live = witness.project.live_deployment_id
        assert live is not None
        await services.deployments.cancel(live, by=by)
        assert [status async for status in second] == [DeploymentStatus.CANCELED]
        await witness.canceled.wait()

    assert witness.behind == []
    told = [event.split()[1] for event in witness.seen if event.endswith("in the activity")]
    assert {"CREATED", "COMPLETED", "LIVE", "SUPERSEDED", "FAILED", "CANCELED"} == {*told}
