"""Projects in the schema."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.shown import (
    AnyActivity,
    AnyArchitecture,
    AnyDeployment,
    AnyDocumentationFilter,
    AnyDocumentationPage,
    AnyDomain,
    AnyEnvironment,
    AnyGeneration,
    AnyPush,
    AnySchema,
    AnySchemaFilter,
    AnyUser,
    shown,
    shows,
)
from resolvers.teams import Team
from resolvers.viewer_can import ViewerCan
from services.core.ids import ProjectId, TeamId
from services.core.pages import PageRequest
from services.documentation.service import PageFilter
from services.projects import model, service
from services.projects.model import ProjectStatus

strawberry.enum(ProjectStatus)


@shows(model.Project, prefix="project", get=lambda services: services.projects.get)
@strawberry.type
class Project(Node):
    """A backend being built, from its description to where it runs."""

    name: str
    """One line of 1 to 100 characters."""
    description: str
    """What it is to do, in at most 500 characters; the prompt of a SCHEMA generation that has none of its own."""
    status: ProjectStatus
    """How far it has come."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When it was created."""
    updated_at: datetime
    """When it last changed."""
    project: strawberry.Private[model.Project]

    @strawberry.field
    async def team(self, info: Info) -> Team | None:
        """The team it belongs to."""
        team = await info.context.loaders.team(self.project.team_id)
        return shown(team)

    @strawberry.field
    async def owner(self, info: Info) -> AnyUser | None:
        """Who created it."""
        user = await info.context.loaders.user(self.project.user_id)
        return shown(user)

    @strawberry.field
    async def viewer_can(self, info: Info) -> ViewerCan:
        """What you may do with it and in its team."""
        return ViewerCan.of(info.context.actor, self.project.team_id)

    @strawberry.field
    async def schema(self, info: Info) -> AnySchema | None:
        """The newest version of its schema; null before the first."""
        schema = await info.context.loaders.schema(self.project.schema_id, self.project.id)
        return shown(schema)

    @strawberry.field
    async def schemas(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            AnySchemaFilter | None,
            strawberry.argument(description="Which versions; null for all."),
        ] = None,
    ) -> Connection[AnySchema]:
        """The versions of its schema, newest first."""
        name = None if filter is None else filter.name
        page = await info.context.services.schemas.versions(self.project, PageRequest(first, after), name=name)
        return connection(page, shown, after=after)

    @strawberry.field
    async def architecture(self, info: Info) -> AnyArchitecture | None:
        """The architecture changed last; null before the first."""
        architecture = await info.context.services.architectures.latest(self.project)
        return shown(architecture)

    @strawberry.field
    async def architectures(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyArchitecture]:
        """All its architectures, the one changed last first."""
        page = await info.context.services.architectures.list(self.project, PageRequest(first, after))
        return connection(page, shown, after=after)

    @strawberry.field
    async def environments(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyEnvironment]:
        """The places where its code is deployed, newest first; deployments without one are at its own."""
        page = await info.context.services.environments.of_project(self.project, PageRequest(first, after))
        return connection(page, shown, after=after)

    @strawberry.field
    async def pushes(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyPush]:
        """Where its code was pushed to, newest first."""
        page = await info.context.services.pushes.of_project(self.project, PageRequest(first, after))
        return connection(page, shown, after=after)

    @strawberry.field
    async def domains(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyDomain]:
        """Domains of one's own that lead to its deployments, newest first."""
        page = await info.context.services.domains.of_project(self.project, PageRequest(first, after))
        return connection(page, shown, after=after)

    @strawberry.field
    async def documentation(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            AnyDocumentationFilter | None,
            strawberry.argument(description="Which pages; null for all."),
        ] = None,
    ) -> Connection[AnyDocumentationPage]:
        """The pages of its documentation, in their order."""
        page = await info.context.services.documentation.list(
            self.project, PageRequest(first, after), PageFilter() if filter is None else filter.to_filter()
        )
        return connection(page, shown, after=after)

    @strawberry.field
    async def generations(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyGeneration]:
        """Its generations, newest first."""
        page = await info.context.services.generations.of_project(self.project, PageRequest(first, after))
        return connection(page, shown, after=after)

    @strawberry.field
    async def deployments(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyDeployment]:
        """Its deployments, newest first."""
        page = await info.context.services.deployments.of_project(self.project, PageRequest(first, after))
        return connection(page, shown, after=after)

    @strawberry.field
    async def activity(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyActivity]:
        """What was done in it in the last 90 days, newest first."""
        page = await info.context.services.activity.of_project(self.project, PageRequest(first, after))
        return connection(page, shown, after=after)

    @strawberry.field
    async def latest_deployment(self, info: Info) -> AnyDeployment | None:
        """The newest deployment; null before the first."""
        deployment = await info.context.loaders.latest_deployment(self.project)
        return shown(deployment)

    @classmethod
    def of(cls, project: model.Project) -> Self:
        return cls(
            id=strawberry.ID(project.id),
            name=project.name,
            description=project.description,
            status=project.status,
            version=project.version,
            created_at=project.created_at,
            updated_at=project.updated_at,
            project=project,
        )


async def viewer_can_with_project(info: Info, project_id: ProjectId) -> ViewerCan:
    """Say what the viewer may do with what belongs to a project: it counts where the project is now."""
    services, actor = info.context.services, info.context.actor
    project = await info.context.loaded(("project", project_id), lambda: services.projects.get(project_id, by=actor))
    return ViewerCan.of(actor, project.team_id)


@strawberry.input
class ProjectFilter:
    """Which projects to list; a null field leaves all."""

    team_id: strawberry.ID | None = None
    """Of this team; null means your personal team."""
    status: ProjectStatus | None = None
    """With this status."""


@strawberry.input
class CreateProjectInput:
    """A project to start."""

    name: str
    """One line of 1 to 100 characters."""
    description: str = ""
    """What the backend is to do, in at most 500 characters."""
    team_id: strawberry.ID | None = None
    """The team it belongs to; null means your personal team."""
    client_mutation_id: ClientMutationId = retry_returns("project")


@strawberry.input
class UpdateProjectInput:
    """Changes to a project; a null field stays as it is."""

    project_id: strawberry.ID
    """The project."""
    name: str | None = None
    """One line of 1 to 100 characters."""
    description: str | None = None
    """At most 500 characters."""
    expected_version: int | None = None
    """Change nothing unless the project still has this version: a CONFLICT then carries the project as it is."""


@strawberry.input
class MoveProjectInput:
    """A project to move."""

    project_id: strawberry.ID
    """The project; you must be allowed to delete it where it is."""
    team_id: strawberry.ID
    """The team that it is to belong to; you must be allowed to create projects there."""
    expected_version: int | None = None
    """Change nothing unless the project still has this version: a CONFLICT then carries the project as it is."""


@strawberry.input
class DeleteProjectInput:
    """A project to delete."""

    project_id: strawberry.ID
    """The project."""


@strawberry.type
class CreateProjectPayload(Payload):
    """The new project, or what was wrong."""

    project: Project | None = None
    """The project; null where there are user errors."""


@strawberry.type
class UpdateProjectPayload(Payload):
    """The changed project, or what was wrong."""

    project: Project | None = None
    """The project as it is now, also after a CONFLICT."""


@strawberry.type
class MoveProjectPayload(Payload):
    """The project in its new team, or what was wrong."""

    project: Project | None = None
    """The project as it is now, also after a CONFLICT."""


@strawberry.type
class DeleteProjectPayload(Payload):
    """The project as it was, or what was wrong."""

    deleted_project_id: strawberry.ID | None = None
    """The project's id; null where there are user errors."""


@strawberry.type
class ProjectsQuery:
    @strawberry.field
    async def project(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The project.")]
    ) -> Project | None:
        """Return one project."""
        return Project.of(await info.context.services.projects.get(ProjectId(id), by=info.context.actor))

    @strawberry.field
    async def projects(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[ProjectFilter | None, strawberry.argument(description="Which ones; null for all.")] = None,
    ) -> Connection[Project]:
        """List a team's projects, newest first."""
        asked = filter or ProjectFilter()
        page = await info.context.services.projects.list(
            PageRequest(first, after),
            team_id=None if asked.team_id is None else TeamId(asked.team_id),
            status=asked.status,
            by=info.context.actor,
        )
        return connection(page, Project.of, after=after)


@strawberry.type
class ProjectsMutation:
    @mutation("What to start.")
    async def create_project(self, info: Info, input: CreateProjectInput) -> CreateProjectPayload:
        """Start an empty project in one of your teams."""
        new = service.NewProject(
            name=input.name,
            description=input.description,
            team_id=None if input.team_id is None else TeamId(input.team_id),
            client_mutation_id=input.client_mutation_id,
        )
        return CreateProjectPayload.of(await info.context.services.projects.create(new, by=info.context.actor))

    @mutation("What to change.")
    async def update_project(self, info: Info, input: UpdateProjectInput) -> UpdateProjectPayload:
        """Change a project's name or description."""
        change = service.ProjectChange(input.name, input.description, input.expected_version)
        project = await info.context.services.projects.update(
            ProjectId(input.project_id), change, by=info.context.actor
        )
        return UpdateProjectPayload.of(project)

    @mutation("What, and where to.")
    async def move_project(self, info: Info, input: MoveProjectInput) -> MoveProjectPayload:
        """Give a project to another team, with all that belongs to it.

        What runs goes on running with the old team's credentials until you cancel it; what is deployed from then on
        goes to a place of its own, with tables of its own, by the new team's.
        """
        project = await info.context.services.projects.move(
            ProjectId(input.project_id),
            TeamId(input.team_id),
            expected_version=input.expected_version,
            by=info.context.actor,
        )
        return MoveProjectPayload.of(project)

    @mutation("What to delete.")
    async def delete_project(self, info: Info, input: DeleteProjectInput) -> DeleteProjectPayload:
        """Delete a project. Its generations and deployments are stopped, and all of it is out of reach from then on.

        It can be restored for 30 days (`deletedProjects`, `restoreProject`); then it goes for good.
        """
        project = await info.context.services.deletion.delete_project(
            ProjectId(input.project_id), by=info.context.actor
        )
        return DeleteProjectPayload.of(project)
