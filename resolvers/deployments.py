"""This file is deployments in the schema: starting one, watching it, reading its log, stopping it."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, Self, assert_never

import strawberry

from resolvers.context import Info
from resolvers.errors import UserError, reporting
from resolvers.generations import Generation
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.projects import Project
from resolvers.scalars import URL
from resolvers.streams import ResumeAfter, StreamEvent, StreamGap
from services.core.ids import DeploymentId, GenerationId, ProjectId
from services.core.pages import PageRequest
from services.deployments import events, service
from services.deployments import model as records
from services.deployments.model import DeploymentPlatform, DeploymentStatus
from services.events import stream
from services.events.follow import Following
from services.platforms.port import LogLevel, LogStream, StepState

for _enum in (DeploymentPlatform, DeploymentStatus, LogLevel, LogStream, StepState):
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

    streams: list[LogStream] | None = None
    """From these sources."""
    levels: list[LogLevel] | None = None
    """Of these levels."""
    contains: str | None = None
    """With this text, in whatever case."""


LogFilterArgument = Annotated[
    LogFilter | None, strawberry.argument(description="Which lines to show; null for all. Other events always come.")
]


def _filter(asked: LogFilter | None) -> events.LogFilter:
    if asked is None:
        return events.LogFilter()
    return events.LogFilter(frozenset(asked.streams or ()), frozenset(asked.levels or ()), asked.contains or "")


@strawberry.type
class EnvironmentVariable:
    """A variable of the deployed backend's environment. Its value is not shown."""

    name: str
    """Its name."""


@strawberry.type
class DeploymentConfig:
    """What was chosen for a deployment."""

    environment_variables: list[EnvironmentVariable]
    """Variables beside the platform's own."""
    build_command: str | None
    """Null: the platform's own."""
    start_command: str | None
    """Null: the platform's own."""


@strawberry.type
class Deployment(Node):
    """A delivery of generated code to a platform, while it is being built and while it runs there."""

    platform: DeploymentPlatform
    """Where it runs."""
    environment: str
    """`development` on this machine, else `production`."""
    status: DeploymentStatus
    """How far it has come."""
    reason: str | None
    """Why it FAILED, as a code such as `BUILD_FAILED` or `CRASHED`."""
    message: str | None
    """The reason as a sentence."""
    url: URL | None
    """Where it answers; null before it did."""
    config: DeploymentConfig
    """What was chosen for it."""
    created_at: datetime
    """When it was asked for."""
    started_at: datetime | None
    """When a worker first took it."""
    live_at: datetime | None
    """When it last began to answer."""
    finished_at: datetime | None
    """When it ended; null while it is being built or runs."""
    deployment: strawberry.Private[records.Deployment]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        found = await info.context.services.projects.get(self.deployment.project_id, by=info.context.actor)
        return Project.of(found)

    @strawberry.field
    async def generation(self, info: Info) -> Generation | None:
        """The generation whose code it is."""
        found = await info.context.services.generations.get(self.deployment.generation_id, by=info.context.actor)
        return Generation.of(found)

    @strawberry.field
    async def logs(
        self, info: Info, first: First = 100, after: After = None, filter: LogFilterArgument = None
    ) -> Connection[LogLine] | None:
        """Its log, oldest first. The cursors are those of `deploymentEvents`: either continues the other."""
        page = await info.context.services.deployments.logs(
            self.deployment, PageRequest(first, after), shown=_filter(filter)
        )
        return connection(page, LogLine.of, after=after)

    @classmethod
    def of(cls, deployment: records.Deployment) -> Self:
        return cls(
            id=strawberry.ID(deployment.id),
            platform=deployment.platform,
            environment=deployment.environment,
            status=deployment.status,
            reason=deployment.reason,
            message=deployment.message,
            url=None if deployment.url is None else URL(deployment.url),
            config=DeploymentConfig(
                environment_variables=[
                    EnvironmentVariable(name=name) for name in deployment.config.environment_variables
                ],
                build_command=deployment.config.build_command,
                start_command=deployment.config.start_command,
            ),
            created_at=deployment.created_at,
            started_at=deployment.started_at,
            live_at=deployment.live_at,
            finished_at=deployment.finished_at,
            deployment=deployment,
        )


@strawberry.type
class DeploymentStatusChanged(StreamEvent):
    """The deployment goes on to its next status."""

    status: DeploymentStatus
    """The new status."""
    url: URL | None
    """With SUCCESS: where it answers."""


@strawberry.type
class StepChanged(StreamEvent):
    """A step of the build begins or ends."""

    step: str
    """Its name, such as `install`, `build`, `tables` or `health`."""
    state: StepState
    """Whether it runs, succeeded or failed."""


@strawberry.type
class LogLines(StreamEvent):
    """Lines of output, one or more."""

    lines: list[LogLine]
    """The lines, in order."""


@strawberry.type
class DeploymentFinished(StreamEvent):
    """The end: nothing of this deployment runs any more, and nothing follows."""

    status: DeploymentStatus
    """FAILED, CANCELED or SUPERSEDED."""
    reason: str | None
    """Why it FAILED, as a code."""
    message: str | None
    """The reason as a sentence."""
    deployment_id: strawberry.Private[DeploymentId]

    @strawberry.field
    async def deployment(self, info: Info) -> Deployment | None:
        """The deployment as it ended."""
        found = await info.context.services.deployments.get(self.deployment_id, by=info.context.actor)
        return Deployment.of(found)


DeploymentEvent = Annotated[
    DeploymentStatusChanged | StepChanged | LogLines | DeploymentFinished | StreamGap,
    strawberry.union("DeploymentEvent", description="What happens to a deployment, in order."),
]


def _shown(happened: Following[events.DeploymentEvent], deployment_id: DeploymentId) -> DeploymentEvent:
    if isinstance(happened, stream.StreamGap):
        return StreamGap.of(happened)
    where: dict[str, Any] = {"cursor": happened.cursor, "seq": happened.seq, "at": happened.at}
    match happened.event:
        case events.DeploymentStatusChanged(status=status, url=url):
            return DeploymentStatusChanged(**where, status=status, url=None if url is None else URL(url))
        case events.StepChanged(step=step, state=state):
            return StepChanged(**where, step=step, state=state)
        case events.LogLines(lines=lines):
            return LogLines(**where, lines=[LogLine.of(line) for line in lines])
        case events.DeploymentFinished(status=status, reason=reason, message=message):
            return DeploymentFinished(
                **where, status=status, reason=reason, message=message, deployment_id=deployment_id
            )
        case _:
            assert_never(happened.event)


@strawberry.input
class EnvironmentVariableInput:
    """A variable of the deployed backend's environment."""

    name: str
    """Letters, digits and underscores."""
    value: str
    """At most 4,096 characters. Kept, and given to the backend; never shown again."""


@strawberry.input
class DeploymentConfigInput:
    """What to choose for a deployment."""

    environment_variables: list[EnvironmentVariableInput] = strawberry.field(default_factory=list)
    """At most 100 variables."""
    build_command: str | None = None
    """Instead of the platform's own; at most 500 characters."""
    start_command: str | None = None
    """Instead of the platform's own; at most 500 characters."""


@strawberry.input
class CreateDeploymentInput:
    """What to deploy, and where."""

    project_id: strawberry.ID
    """The project."""
    generation_id: strawberry.ID
    """A COMPLETED generation of CODE of that project."""
    platform: DeploymentPlatform
    """Where to deploy it."""
    config: DeploymentConfigInput | None = None
    """What to choose; null leaves everything to the platform."""
    client_mutation_id: str | None = None
    """Makes a retry safe: the same value returns the deployment that the first try made. Remembered for a day."""


@strawberry.input
class CancelDeploymentInput:
    """A deployment to stop."""

    deployment_id: strawberry.ID
    """The deployment."""


@strawberry.input
class RedeployInput:
    """A deployment to do again."""

    deployment_id: strawberry.ID
    """The deployment."""
    client_mutation_id: str | None = None
    """Makes a retry safe: the same value returns the deployment that the first try made. Remembered for a day."""


@strawberry.type
class CreateDeploymentPayload:
    """The deployment, or what was wrong."""

    deployment: Deployment | None = None
    """PENDING, as a rule; watch it with the subscription `deploymentEvents`."""
    user_errors: list[UserError] = strawberry.field(default_factory=list)
    """What you can correct; empty on success."""

    @classmethod
    def of(cls, deployment: records.Deployment) -> Self:
        return cls(deployment=Deployment.of(deployment))


@strawberry.type
class CancelDeploymentPayload:
    """The deployment, or what was wrong."""

    deployment: Deployment | None = None
    """CANCELING until nothing of it runs any more, then CANCELED; after a CONFLICT as it ended."""
    user_errors: list[UserError] = strawberry.field(default_factory=list)
    """What you can correct; empty on success."""

    @classmethod
    def of(cls, deployment: records.Deployment) -> Self:
        return cls(deployment=Deployment.of(deployment))


@strawberry.type
class RedeployPayload:
    """The new deployment, or what was wrong."""

    deployment: Deployment | None = None
    """A new deployment of the same code; once live it replaces what runs."""
    user_errors: list[UserError] = strawberry.field(default_factory=list)
    """What you can correct; empty on success."""

    @classmethod
    def of(cls, deployment: records.Deployment) -> Self:
        return cls(deployment=Deployment.of(deployment))


@strawberry.input
class DeploymentFilter:
    """Which deployments to list; a null field leaves all."""

    project_id: strawberry.ID | None = None
    """Of this project; null means those that you started."""
    status: DeploymentStatus | None = None
    """With this status."""


DeploymentArgument = Annotated[strawberry.ID, strawberry.argument(description="The deployment.")]


@strawberry.type
class DeploymentsQuery:
    @strawberry.field
    async def deployment(self, info: Info, id: DeploymentArgument) -> Deployment | None:
        """Return one deployment."""
        found = await info.context.services.deployments.get(DeploymentId(id), by=info.context.actor)
        return Deployment.of(found)

    @strawberry.field
    async def deployments(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            DeploymentFilter | None, strawberry.argument(description="Which ones; null for all that you started.")
        ] = None,
    ) -> Connection[Deployment]:
        """List deployments, newest first."""
        asked = filter or DeploymentFilter()
        page = await info.context.services.deployments.list(
            PageRequest(first, after),
            project_id=None if asked.project_id is None else ProjectId(asked.project_id),
            status=asked.status,
            by=info.context.actor,
        )
        return connection(page, Deployment.of, after=after)


@strawberry.type
class DeploymentsMutation:
    @strawberry.mutation
    @reporting(CreateDeploymentPayload)
    async def create_deployment(
        self, info: Info, input: Annotated[CreateDeploymentInput, strawberry.argument(description="What, and where.")]
    ) -> CreateDeploymentPayload:
        """Deploy the code of a generation. Returns at once; the work is streamed."""
        chosen = input.config or DeploymentConfigInput()
        new = service.NewDeployment(
            project_id=ProjectId(input.project_id),
            generation_id=GenerationId(input.generation_id),
            platform=input.platform,
            config=records.DeploymentConfig(
                {variable.name: variable.value for variable in chosen.environment_variables},
                chosen.build_command,
                chosen.start_command,
            ),
            client_mutation_id=input.client_mutation_id,
        )
        return CreateDeploymentPayload.of(await info.context.services.deployments.create(new, by=info.context.actor))

    @strawberry.mutation
    @reporting(CancelDeploymentPayload)
    async def cancel_deployment(
        self, info: Info, input: Annotated[CancelDeploymentInput, strawberry.argument(description="Which one.")]
    ) -> CancelDeploymentPayload:
        """Stop a deployment, whether it is being built or runs."""
        deployment = await info.context.services.deployments.cancel(
            DeploymentId(input.deployment_id), by=info.context.actor
        )
        return CancelDeploymentPayload.of(deployment)

    @strawberry.mutation
    @reporting(RedeployPayload)
    async def redeploy(
        self, info: Info, input: Annotated[RedeployInput, strawberry.argument(description="Which one.")]
    ) -> RedeployPayload:
        """Deploy the same code with the same configuration again."""
        deployment = await info.context.services.deployments.redeploy(
            DeploymentId(input.deployment_id),
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return RedeployPayload.of(deployment)


@strawberry.type
class DeploymentsSubscription:
    @strawberry.subscription
    async def deployment_events(
        self, info: Info, id: DeploymentArgument, after: ResumeAfter = None, filter: LogFilterArgument = None
    ) -> AsyncGenerator[DeploymentEvent, None]:
        """Watch a deployment: everything so far, then live, for as long as it runs."""
        deployments, actor, deployment_id = info.context.services.deployments, info.context.actor, DeploymentId(id)
        async with deployments.follow(deployment_id, after=after, shown=_filter(filter), by=actor) as followed:
            async for happened in followed:
                yield _shown(happened, deployment_id)
