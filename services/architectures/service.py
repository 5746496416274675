"""This file is a project's architectures: drawings of its backend, generated or made by hand."""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from services.architectures.model import ArchitectureModel, validate
from services.aws.items import Entity
from services.aws.tables import AlreadyExists, Index, Table, TableSpec
from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Invalid, NotFound
from services.core.ids import ArchitectureId, GenerationId, ProjectId, UserId, new_id
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.projects import Project, Projects


class Architecture(Entity, frozen=True, kw_only=True, rename="camel"):
    id: ArchitectureId
    project_id: ProjectId
    user_id: UserId
    model: ArchitectureModel
    generation_id: GenerationId | None = None
    """The generation that made it; None for one made by hand."""


ARCHITECTURES: Final = TableSpec(
    "architectures",
    Architecture,
    sort="projectId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "updatedAt"),
    ),
)


@dataclass(frozen=True, slots=True)
class NewArchitecture:
    """`id` is chosen by the caller where a repeat must find the same one."""

    model: ArchitectureModel
    id: ArchitectureId
    generation_id: GenerationId | None = None


@dataclass(frozen=True, slots=True)
class Architectures:
    table: Table[Architecture]
    projects: Projects
    now: Clock

    async def get(self, architecture_id: ArchitectureId, *, by: Actor, action: Action = Action.VIEW) -> Architecture:
        """Return an architecture of a project on which the actor may do `action`."""
        architecture = await self.table.find(architecture_id)
        if architecture is None:
            raise NotFound("architecture", architecture_id)
        try:
            await self.projects.get(architecture.project_id, by=by, action=action)
        except NotFound:
            raise NotFound("architecture", architecture_id) from None
        return architecture

    async def list(self, project: Project, page: PageRequest) -> Page[Architecture]:
        """Return the architectures of a project that the caller was given, the one changed last first."""
        return await self.table.query("ProjectIdIndex", project.id, page)

    async def save(self, project_id: ProjectId, model: ArchitectureModel, *, by: Actor) -> Architecture:
        """Store a hand-made architecture."""
        _check(model)
        project = await self.projects.get(project_id, by=by, action=Action.EDIT)
        new = NewArchitecture(model, ArchitectureId(new_id("architecture")))
        return await self.add(project, new, user_id=by.user_id)

    async def change(
        self, architecture_id: ArchitectureId, model: ArchitectureModel, *, expected_version: int | None, by: Actor
    ) -> Architecture:
        """Replace what an architecture shows."""
        _check(model)
        await self.get(architecture_id, by=by, action=Action.EDIT)

        def changed(old: Architecture) -> Architecture:
            if expected_version not in (None, old.version):
                raise Conflict("The architecture has changed meanwhile.", current=old)
            return replace(old, model=model)

        found = await self.table.update(architecture_id, changed)
        if found is None:
            raise NotFound("architecture", architecture_id)
        return found

    async def add(self, project: Project, new: NewArchitecture, *, user_id: UserId) -> Architecture:
        """Store a valid architecture; a repeat with the same id changes nothing."""
        now = self.now()
        architecture = Architecture(
            id=new.id,
            project_id=project.id,
            user_id=user_id,
            model=new.model,
            generation_id=new.generation_id,
            created_at=now,
            updated_at=now,
        )
        try:
            await self.table.put_new(architecture)
        except AlreadyExists:
            found = await self.table.find(new.id)
            return found or architecture
        return architecture


def _check(model: ArchitectureModel) -> None:
    if faults := validate(model):
        raise Invalid(faults)
