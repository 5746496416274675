"""A deployment in the schema, with its log."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.generations import Generation
from resolvers.generations.objects import MOST_FILES, USUAL_FILES, GenerationFileChange
from resolvers.lists import AtMost
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.platforms import DeploymentPlatform
from resolvers.projects import Project, viewer_can_with_project
from resolvers.scalars import URL
from resolvers.schemas.objects import MOST_CHANGES, SchemaChange
from resolvers.shown import AnyEnvironment, AnyUser, shown, shows
from resolvers.viewer_can import ViewerCan
from services.core.errors import Invalid
from services.core.ids import DeploymentId
from services.core.pages import PageRequest
from services.core.text import SEARCH_LENGTH
from services.deployments import comparing, events, model
from services.deployments.comparing import VariableChangeKind
from services.deployments.log_query import parsed
from services.deployments.model import DeploymentStatus
from services.environments.rules import MOST as MAX_VARIABLES
from services.generations import model as generations
from services.platforms.port import LogLevel, LogStream, StepState

for _enum in (DeploymentStatus, LogLevel, LogStream, StepState, VariableChangeKind):
    strawberry.enum(_enum)


@strawberry.type
class LogLine:
    """One line of output."""

    id: strawberry.ID
    """Unique in its deployment; later lines have higher numbers."""
    timestamp: datetime
    """When it was written."""
    level: LogLevel
    """How serious it is, as far as we can tell."""
    stream: LogStream
    """Where it comes from."""
    message: str
    """The line, without its end."""

    @classmethod
    def of(cls, numbered: events.NumberedLine) -> Self:
        line = numbered.line
        return cls(
            id=strawberry.ID(str(numbered.seq)),
            timestamp=line.timestamp,
            level=line.level,
            stream=line.stream,
            message=line.message,
        )


@strawberry.input
class LogFilter:
    """Which log lines to show; an empty or null field shows all."""

    streams: Annotated[list[LogStream], AtMost(len(LogStream))] | None = None
    """From these sources."""
    levels: Annotated[list[LogLevel], AtMost(len(LogLevel))] | None = None
    """Of these levels."""
    contains: str | None = None
    """With this text, in whatever case; at most 500 characters."""
    query: str | None = None
    """That this asks for, such as `@level:error AND (timeout OR "connection reset")`: words and quoted texts in
    whatever case, `@level:` and `@stream:`, AND (which may be left out), OR, NOT or `-`, parentheses. At most 500
    characters."""
    since: datetime | None = None
    """From this moment on."""
    until: datetime | None = None
    """Before this moment."""


LogFilterArgument = Annotated[
    LogFilter | None, strawberry.argument(description="Which lines to show; null for all. Other events always come.")
]


def log_filter(asked: LogFilter | None) -> events.LogFilter:
    if asked is None:
        return events.LogFilter()
    if asked.contains is not None and len(asked.contains) > SEARCH_LENGTH:
        raise Invalid.one(f"At most {SEARCH_LENGTH} characters.", "contains")
    return events.LogFilter(
        frozenset(asked.streams or ()),
        frozenset(asked.levels or ()),
        asked.contains or "",
        parsed(asked.query) if asked.query else None,
        asked.since,
        asked.until,
    )


@strawberry.type
class EnvironmentVariable:
    """A variable of the deployed backend's environment. Its value is not shown."""

    name: str
    """Its name."""


@strawberry.type
class DeploymentConfig:
    """What was chosen for a deployment."""

    environment_variables: Annotated[list[EnvironmentVariable], AtMost(MAX_VARIABLES)]
    """Variables beside the platform's own."""
    build_command: str | None
    """Null: the platform's own."""
    start_command: str | None
    """Null: the platform's own."""


@strawberry.type
class DeploymentStep:
    """A step on the way of a deployment."""

    name: str
    """Its name, such as `install`, `build`, `tables` or `health`."""
    state: StepState
    """RUNNING, too, where the deployment has ended in the middle of it."""
    started_at: datetime
    """When it began."""
    finished_at: datetime | None
    """When it succeeded or failed."""
    duration: float | None
    """How long it took, in seconds; null where it has not finished."""


@strawberry.type
class VariableChange:
    """A variable that differs between two deployments. Values are not shown."""

    name: str
    """Its name."""
    change: VariableChangeKind
    """What became of it."""


@strawberry.type
class DeploymentDiff:
    """What changed from another deployment to this one."""

    variables: Annotated[list[VariableChange], AtMost(2 * MAX_VARIABLES)]
    """The variables that differ, by name."""
    before: strawberry.Private[model.Deployment | None]
    after: strawberry.Private[model.Deployment]

    @strawberry.field
    def compared_with(self) -> "Deployment | None":
        """The other deployment; null where nothing was live there before."""
        return shown(self.before)

    @strawberry.field
    async def files(
        self, info: Info
    ) -> Annotated[list[GenerationFileChange], AtMost(2 * MOST_FILES, weighs=2 * USUAL_FILES)] | None:
        """The files that differ, by path; null where the code of either was deleted."""
        before, after = await self._codes(info)
        if after is None or (self.before is not None and before is None):
            return None
        changes = await info.context.services.generations.changed_files(before, after)
        return [GenerationFileChange.of(change) for change in changes]

    @strawberry.field
    async def schema(self, info: Info) -> Annotated[list[SchemaChange], AtMost(MOST_CHANGES, weighs=2_000)] | None:
        """What differs of the schemas that the code was made from; null where the code or the schema of either was
        deleted, or code was made without one.
        """
        before, after = await self._codes(info)
        if after is None or after.schema_id is None:
            return None
        if self.before is not None and (before is None or before.schema_id is None):
            return None
        changes = await info.context.services.schemas.changes(before.schema_id if before else None, after.schema_id)
        return None if changes is None else [SchemaChange.of(change) for change in changes]

    async def _codes(self, info: Info) -> "tuple[generations.Generation | None, generations.Generation | None]":
        find = info.context.services.generations.find
        return await find(self.before.generation_id) if self.before else None, await find(self.after.generation_id)


@shows(model.Deployment, prefix="deployment", get=lambda services: services.deployments.get)
@strawberry.type
class Deployment(Node):
    """A delivery of generated code to a platform, while it is being built and while it runs there."""

    platform: DeploymentPlatform
    """Where it runs."""
    environment: str
    """What its environment was called; without one, `development` on this machine, else `production`."""
    status: DeploymentStatus
    """How far it has come."""
    reason: str | None
    """Why it FAILED, as a code such as `BUILD_FAILED` or `CRASHED`."""
    message: str | None
    """The reason as a sentence."""
    url: URL | None
    """Where it answers; null before it did."""
    provider_url: URL | None
    """Where the platform shows it to people who are signed in there; null for LOCAL, and until it is known."""
    site: str | None
    """What the platform calls its place, which later deployments to the same environment update; null for LOCAL's own.
    """
    config: DeploymentConfig
    """What was chosen for it."""
    region: str | None
    """Where its platform runs it, if that was chosen."""
    size: str | None
    """How large each instance is, if that was chosen."""
    instances: int | None
    """How many of it run, if that was chosen."""
    steps: Annotated[list[DeploymentStep], AtMost(model.MOST_STEPS)]
    """Its steps until it was live, or ended, in order; those of a restart or a scaling are in its stream alone."""
    created_at: datetime
    """When it was asked for."""
    started_at: datetime | None
    """When a worker first took it."""
    live_at: datetime | None
    """When it last began to answer."""
    finished_at: datetime | None
    """When it ended; null while it is being built or runs."""
    deployment: strawberry.Private[model.Deployment]

    @strawberry.field
    async def viewer_can(self, info: Info) -> ViewerCan | None:
        """What you may do with it and in its team."""
        return await viewer_can_with_project(info, self.deployment.project_id)

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        record = self.deployment
        project = await info.context.loaders.project(record.project_id, record.project_owner_id)
        return shown(project)

    @strawberry.field
    async def generation(self, info: Info) -> Generation | None:
        """The generation whose code it is; null once the project is gone, or you may not see it any more."""
        record = self.deployment
        if await info.context.loaders.project(record.project_id, record.project_owner_id) is None:
            return None
        generation = await info.context.loaders.generation(record.generation_id, record.project_id)
        return shown(generation)

    @strawberry.field
    async def deployed_in(self, info: Info) -> AnyEnvironment | None:
        """The environment that it was made for; null for none, or once that is deleted."""
        record = self.deployment
        return shown(await info.context.loaders.environment(record.environment_id, record.project_id))

    @strawberry.field
    async def is_stale(self, info: Info) -> bool | None:
        """Whether it runs, or is being made, with older variables than its environment has now; `redeploy` takes the
        new ones. Null for a deployment that has ended, or has no environment.
        """
        record = self.deployment
        if record.environment_id is None or record.finished_at is not None:
            return None
        environment = await info.context.loaders.environment(record.environment_id, record.project_id)
        return environment is not None and record.revision < environment.revision

    @strawberry.field
    async def diff(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                name="from",
                description="Another deployment of the project; null means the one that was live at its place before.",
            ),
        ] = None,
    ) -> DeploymentDiff | None:
        """What changed from another deployment to this one: files, the schema, and variables by name."""
        deployments, other = info.context.services.deployments, None if from_ is None else DeploymentId(from_)
        before = await comparing.earlier(deployments, self.deployment, other, by=info.context.actor)
        changes = await comparing.variables(deployments, before, self.deployment)
        variables = [VariableChange(name=change.name, change=change.kind) for change in changes]
        return DeploymentDiff(variables=variables, before=before, after=self.deployment)

    @strawberry.field
    async def deployed_by(self, info: Info) -> AnyUser | None:
        """Who asked for it, or whose API key did; null once they are deleted."""
        return shown(await info.context.loaders.user(self.deployment.user_id))

    @strawberry.field
    async def rollback_of(self, info: Info) -> "Deployment | None":
        """The earlier deployment that this one brings back; null where it is no rollback, or that was deleted."""
        record = self.deployment
        if record.rollback_to is None:
            return None
        return shown(await info.context.loaders.deployment(record.rollback_to, record.project_id))

    @strawberry.field
    async def promoted_from(self, info: Info) -> "Deployment | None":
        """The deployment of another environment whose code this is; null where it was not promoted, or that was
        deleted.
        """
        record = self.deployment
        if record.promoted_from is None:
            return None
        return shown(await info.context.loaders.deployment(record.promoted_from, record.project_id))

    @strawberry.field
    async def logs(
        self, info: Info, first: First = 100, after: After = None, filter: LogFilterArgument = None
    ) -> Connection[LogLine] | None:
        """Its log, oldest first. The cursors are those of `deploymentEvents`: either continues the other."""
        page = await info.context.services.deployments.logs(
            self.deployment, PageRequest(first, after), shown=log_filter(filter)
        )
        return connection(page, LogLine.of, after=after)

    @classmethod
    def of(cls, deployment: model.Deployment) -> Self:
        return cls(
            id=strawberry.ID(deployment.id),
            platform=deployment.platform,
            environment=deployment.environment,
            status=deployment.status,
            reason=deployment.reason,
            message=deployment.message,
            url=None if deployment.url is None else URL(deployment.url),
            provider_url=None if deployment.progress.page is None else URL(deployment.progress.page),
            site=deployment.site,
            config=DeploymentConfig(
                environment_variables=[EnvironmentVariable(name=name) for name in deployment.config.names],
                build_command=deployment.config.build_command,
                start_command=deployment.config.start_command,
            ),
            region=deployment.hosting.region,
            size=deployment.hosting.size,
            instances=deployment.hosting.instances,
            steps=[
                DeploymentStep(
                    name=step.name,
                    state=step.state,
                    started_at=step.started_at,
                    finished_at=step.finished_at,
                    duration=step.duration,
                )
                for step in deployment.steps
            ],
            created_at=deployment.created_at,
            started_at=deployment.started_at,
            live_at=deployment.live_at,
            finished_at=deployment.finished_at,
            deployment=deployment,
        )
