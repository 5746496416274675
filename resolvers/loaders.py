"""Loading what many objects of an answer refer to, in one call for all of them.

A loader gathers what the fields of one level ask for, and reads it by full keys (BatchGetItem). It keeps nothing: what
a subscription shows hours later, or a second mutation of a request, is read anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from services.architectures.model import Architecture
from services.bootstrap import Services
from services.core.actor import Actor
from services.core.errors import NotFound
from services.core.ids import (
    ArchitectureId,
    DeploymentId,
    EnvironmentId,
    GenerationId,
    ProjectId,
    SchemaId,
    TeamId,
    UserId,
)
from services.deployments.model import Deployment
from services.environments.model import Environment
from services.generations.model import Generation
from services.memberships.model import Team
from services.projects.model import NO_DEPLOYMENT, Project
from services.schemas.model import Schema
from services.users import User

K = TypeVar("K")
T = TypeVar("T")


class Loaders:
    """Made for each operation. An id of None is that of nothing."""

    def __init__(self, services: Services, actor: Actor) -> None:
        self._services = services
        self._actor = actor
        self._users = _loader(services.users.many)
        self._teams = _loader(self._many_teams)
        self._projects = _loader(self._many_projects)
        self._schemas = _loader(services.schemas.many)
        self._architectures = _loader(services.architectures.many)
        self._generations = _loader(services.generations.many)
        self._deployments = _loader(services.deployments.many)
        self._environments = _loader(services.environments.many)

    async def user(self, user_id: UserId) -> User | None:
        """Return a user whose doing the actor was shown."""
        return await self._users.load(user_id)

    async def team(self, team_id: TeamId) -> Team | None:
        return await self._teams.load(team_id)

    async def project(self, project_id: ProjectId | None, owner_id: UserId | None) -> Project | None:
        """Return a project that the actor may see. Without its owner, which older records lack, it takes a call."""
        if project_id is None:
            return None
        if owner_id is not None:
            return await self._projects.load((project_id, owner_id))
        try:
            return await self._services.projects.get(project_id, by=self._actor)
        except NotFound:
            return None

    async def schema(self, schema_id: SchemaId | None, project_id: ProjectId) -> Schema | None:
        """Return a version of a project that the actor was shown."""
        return None if schema_id is None else await self._schemas.load((schema_id, project_id))

    async def architecture(self, architecture_id: ArchitectureId | None, project_id: ProjectId) -> Architecture | None:
        """Return an architecture of a project that the actor was shown."""
        return None if architecture_id is None else await self._architectures.load((architecture_id, project_id))

    async def generation(self, generation_id: GenerationId | None, project_id: ProjectId) -> Generation | None:
        """Return a generation of a project that the actor was shown."""
        return None if generation_id is None else await self._generations.load((generation_id, project_id))

    async def deployment(self, deployment_id: DeploymentId, project_id: ProjectId) -> Deployment | None:
        """Return a deployment of a project that the actor was shown."""
        return await self._deployments.load((deployment_id, project_id))

    async def environment(self, environment_id: EnvironmentId | None, project_id: ProjectId) -> Environment | None:
        """Return an environment of a project that the actor was shown."""
        return None if environment_id is None else await self._environments.load((environment_id, project_id))

    async def latest_deployment(self, project: Project) -> Deployment | None:
        """Return the newest deployment of a project that the actor was shown."""
        if project.latest_deployment_id is None:
            return await self._services.deployments.look_up_latest(project)
        if project.latest_deployment_id == NO_DEPLOYMENT:
            return None
        return await self._deployments.load((project.latest_deployment_id, project.id))

    async def _many_projects(self, keys: Sequence[tuple[ProjectId, UserId]]) -> Sequence[Project | None]:
        return await self._services.projects.many(keys, by=self._actor)

    async def _many_teams(self, ids: Sequence[TeamId]) -> Sequence[Team | None]:
        wanted = list(dict.fromkeys(ids))
        answers = await asyncio.gather(*(self._services.teams.get(team_id, by=self._actor) for team_id in wanted))
        teams = dict(zip(wanted, answers, strict=True))
        return [teams[team_id] for team_id in ids]


def _loader(load: Callable[[Sequence[K]], Awaitable[Sequence[T | None]]]) -> DataLoader[K, T | None]:
    return DataLoader(load_fn=load, cache=False)
