"""What users do with architectures: read them, store one made by hand, change and delete it."""

from collections.abc import Sequence

from msgspec.structs import replace

from services.architectures.model import Architecture
from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import ArchitectureId, GenerationId, ProjectId, UserId
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.designs.architecture import ArchitectureModel, validate
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import Idempotency
from services.projects.model import Project
from services.projects.service import Projects


@frozen
class NewArchitecture:
    """`id` is chosen by the caller where a repeat must find the same one."""

    model: ArchitectureModel
    id: ArchitectureId
    generation_id: GenerationId | None = None


@frozen(kw_only=True)
class Architectures:
    table: Table[Architecture]
    projects: Projects
    idempotency: Idempotency
    now: Clock

    async def get(self, architecture_id: ArchitectureId, *, by: Actor) -> Architecture:
        """Return an architecture."""
        return (await self._with_project(architecture_id, by=by, action=Action.VIEW))[0]

    async def find(self, architecture_id: ArchitectureId) -> Architecture | None:
        """Return an architecture of a project that the caller was given."""
        return await self.table.find(architecture_id)

    async def many(self, keys: Sequence[tuple[ArchitectureId, ProjectId]]) -> Sequence[Architecture | None]:
        """Return architectures of projects that the caller was given, by their ids and the projects'; None for none."""
        return await self.table.find_many(keys)

    async def list(self, project: Project, page: PageRequest) -> Page[Architecture]:
        """Return the architectures of a project that the caller was given, the one changed last first."""
        return await self.table.query("ProjectIdIndex", project.id, page)

    async def latest(self, project: Project) -> Architecture | None:
        """Return the architecture changed last of a project that the caller was given."""
        return await self.table.latest("ProjectIdIndex", project.id)

    async def save(
        self, project_id: ProjectId, model: ArchitectureModel, *, client_mutation_id: str | None = None, by: Actor
    ) -> Architecture:
        """Store a hand-made architecture."""
        given = (project_id, model)
        async with self.idempotency.trying("saveArchitecture", given, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(ArchitectureId(attempt.done), by=by)
            _check(model)
            project = await self.projects.get(project_id, by=by, action=Action.EDIT)
            new = NewArchitecture(model, ArchitectureId(await attempt.take_id("architecture")))
            architecture = await self.add(project, new, user_id=by.user_id)
            await self.projects.journal.created(architecture, "", place=project, by=by.user_id)
            return architecture

    async def change(
        self, architecture_id: ArchitectureId, model: ArchitectureModel, *, expected_version: int | None, by: Actor
    ) -> Architecture:
        """Replace what an architecture shows."""
        _check(model)
        _, project = await self._with_project(architecture_id, by=by, action=Action.EDIT)

        def changed(old: Architecture) -> Architecture:
            if expected_version not in (None, old.version):
                raise Conflict("The architecture has changed meanwhile.", current=old)
            return replace(old, model=model)

        architecture = await self.table.update(architecture_id, changed)
        if architecture is None:
            raise NotFound("architecture", architecture_id)
        await self.projects.journal.updated(architecture, "", place=project, by=by.user_id)
        return architecture

    async def delete(self, architecture_id: ArchitectureId, *, by: Actor) -> Architecture:
        """Delete an architecture; the generation that made it stays."""
        architecture, project = await self._with_project(architecture_id, by=by, action=Action.EDIT)
        if not await self.table.delete(architecture):
            raise Conflict("The architecture has changed meanwhile; try again.")
        await self.projects.journal.deleted(architecture, "", place=project, by=by.user_id)
        return architecture

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
            return await self.table.find(new.id) or architecture
        return architecture

    async def _with_project(
        self, architecture_id: ArchitectureId, *, by: Actor, action: Action
    ) -> tuple[Architecture, Project]:
        """Return an architecture and its project, on which the actor may do `action`."""
        architecture = await self.table.find(architecture_id)
        if architecture is None:
            raise NotFound("architecture", architecture_id)
        try:
            return architecture, await self.projects.get(architecture.project_id, by=by, action=action)
        except NotFound:
            raise NotFound("architecture", architecture_id) from None


def _check(model: ArchitectureModel) -> None:
    if faults := validate(model):
        raise Invalid(faults)
