"""Deleted projects in the schema: those that can be restored, and restoring one."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.mutations import Payload, mutation
from resolvers.paging import After, Connection, First, connection
from resolvers.projects import Project
from resolvers.shown import shown
from resolvers.users import User
from services.core.ids import ProjectId, TeamId
from services.core.pages import PageRequest
from services.projects import model


@strawberry.type
class DeletedProject:
    """A project that was deleted and can be restored. Nothing else shows it."""

    id: strawberry.ID
    """The project's id, for `restoreProject`; `node` finds nothing by it until then."""
    name: str
    """What it was called."""
    description: str
    """What it was to do."""
    created_at: datetime
    """When it was created."""
    deleted_at: datetime | None
    """When it was deleted."""
    purge_at: datetime | None
    """When it goes for good: 30 days after it was deleted."""
    project: strawberry.Private[model.Project]

    @strawberry.field
    async def deleted_by(self, info: Info) -> User | None:
        """Who deleted it."""
        user_id = self.project.deleted_by
        user = None if user_id is None else await info.context.loaders.user(user_id)
        return shown(user)

    @classmethod
    def of(cls, project: model.Project) -> Self:
        return cls(
            id=strawberry.ID(project.id),
            name=project.name,
            description=project.description,
            created_at=project.created_at,
            deleted_at=project.deleted_at,
            purge_at=project.purge_at,
            project=project,
        )


@strawberry.input
class RestoreProjectInput:
    """A project to restore."""

    project_id: strawberry.ID
    """A project that was deleted in the last 30 days."""


@strawberry.type
class RestoreProjectPayload(Payload):
    """The project, or what was wrong."""

    project: Project | None = None
    """The project as it was, in the team that it was in; nothing of it runs."""


@strawberry.type
class DeletedProjectsQuery:
    @strawberry.field
    async def deleted_projects(
        self,
        info: Info,
        team_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The team; null means your personal one.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[DeletedProject]:
        """List the projects of a team that can be restored, deleted last first, for those who may delete projects."""
        page = await info.context.services.deleted_projects.list(
            PageRequest(first, after), team_id=None if team_id is None else TeamId(team_id), by=info.context.actor
        )
        return connection(page, DeletedProject.of, after=after)


@strawberry.type
class DeletedProjectsMutation:
    @mutation("Which one.")
    async def restore_project(self, info: Info, input: RestoreProjectInput) -> RestoreProjectPayload:
        """Bring back a deleted project with all that belongs to it. One that is not deleted stays as it is."""
        project = await info.context.services.deleted_projects.restore(
            ProjectId(input.project_id), by=info.context.actor
        )
        return RestoreProjectPayload.of(project)
