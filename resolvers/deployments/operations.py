"""Watching deployments that there are, stopping, restarting and scaling them."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.deployments.events import DeploymentEvent, shown_event
from resolvers.deployments.objects import Deployment, LogFilterArgument, log_filter
from resolvers.integrations.objects import IntegrationType
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.paging import After, Connection, First, connection
from resolvers.streams import ResumeAfter, Watch
from services.core.ids import DeploymentId, ProjectId, TeamId
from services.core.pages import PageRequest
from services.deployments.model import DeploymentStatus
from services.platforms.offers import Hosting
from services.platforms.port import DeploymentPlatform


@strawberry.input
class CancelDeploymentInput:
    """A deployment to stop."""

    deployment_id: strawberry.ID
    """The deployment."""


@strawberry.input
class DeleteDeploymentInput:
    """A deployment to delete."""

    deployment_id: strawberry.ID
    """A deployment that has ended."""


@strawberry.input
class RestartDeploymentInput:
    """A deployment to restart."""

    deployment_id: strawberry.ID
    """A deployment that is live."""
    client_mutation_id: ClientMutationId = retry_returns("deployment")


@strawberry.input
class ScaleDeploymentInput:
    """How much of a deployment is to run; a null field leaves it as it is."""

    deployment_id: strawberry.ID
    """A deployment that is live."""
    instances: int | None = None
    """How many, from 1 to 100."""
    size: str | None = None
    """How large each, as its platform calls that: `standard-2x` at HEROKU, which says whether there is such; a plan of
    RENDER's, such as `starter`; units of CPU and MiB at AWS_ECS, such as `512/1024`."""


@strawberry.input
class StopDeploymentInput:
    """A deployment to stop."""

    deployment_id: strawberry.ID
    """A deployment that is live."""


@strawberry.type
class CancelDeploymentPayload(Payload):
    """The deployment, or what was wrong."""

    deployment: Deployment | None = None
    """CANCELING until nothing of it runs any more, then CANCELED; after a CONFLICT as it ended otherwise."""


@strawberry.type
class ScaleDeploymentPayload(Payload):
    """The deployment, or what was wrong."""

    deployment: Deployment | None = None
    """The deployment, which is scaled soon: its stream tells how that goes. After a CONFLICT as it is."""


@strawberry.type
class StopDeploymentPayload(Payload):
    """The deployment, or what was wrong."""

    deployment: Deployment | None = None
    """CANCELING until nothing of it runs any more, then STOPPED; after a CONFLICT as it is."""


@strawberry.type
class DeleteDeploymentPayload(Payload):
    """Which deployment is gone, or what was wrong."""

    deleted_deployment_id: strawberry.ID | None = None
    """The deployment's id; null where there are user errors."""


@strawberry.type
class RestartDeploymentPayload(Payload):
    """The deployment, or what was wrong."""

    deployment: Deployment | None = None
    """The deployment, which is restarted soon: its stream tells how that goes. After a CONFLICT as it is."""


@strawberry.input
class DeploymentFilter:
    """Which deployments to list; a null field leaves all."""

    project_id: strawberry.ID | None = None
    """Of this project; null means those that you started."""
    status: DeploymentStatus | None = None
    """With this status."""
    environment: str | None = None
    """Of environments that were called so, as it was written then. Those in no environment are under `development` at
    LOCAL, else under `production`, beside those of an environment of that name: `deployedIn` tells them apart."""


DeploymentArgument = Annotated[strawberry.ID, strawberry.argument(description="The deployment.")]


@strawberry.type
class DeploymentTarget:
    """A platform that this server deploys to."""

    platform: DeploymentPlatform
    """Which one."""
    integrations: Annotated[list[IntegrationType], AtMost(2)]
    """The integrations that it needs; LOCAL needs none."""
    missing_integrations: Annotated[list[IntegrationType], AtMost(2)]
    """Those of them that the team has not, or not enabled. `createDeployment` is refused until it has."""


@strawberry.type
class DeploymentsQuery:
    @strawberry.field
    async def deployment_targets(
        self,
        info: Info,
        team_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose integrations; null for your personal team's.")
        ] = None,
    ) -> Annotated[list[DeploymentTarget], AtMost(len(DeploymentPlatform), weighs=2)] | None:
        """List the platforms that this server deploys to, and what a team lacks for each."""
        team = None if team_id is None else TeamId(team_id)
        return [
            DeploymentTarget(
                platform=target.platform,
                integrations=list(target.integrations),
                missing_integrations=list(target.missing),
            )
            for target in await info.context.services.deployer.targets(team, by=info.context.actor)
        ]

    @strawberry.field
    async def deployment(self, info: Info, id: DeploymentArgument) -> Deployment | None:
        """Return one deployment."""
        deployment = await info.context.services.deployments.get(DeploymentId(id), by=info.context.actor)
        return Deployment.of(deployment)

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
            environment=asked.environment,
            by=info.context.actor,
        )
        return connection(page, Deployment.of, after=after)


@strawberry.type
class DeploymentsMutation:
    @mutation("Which one.")
    async def cancel_deployment(self, info: Info, input: CancelDeploymentInput) -> CancelDeploymentPayload:
        """Give up a deployment that is being built; or stop one that is live, as `stopDeployment` does, which then ends
        CANCELED.
        """
        deployment = await info.context.services.deployments.cancel(
            DeploymentId(input.deployment_id), by=info.context.actor
        )
        return CancelDeploymentPayload.of(deployment)

    @mutation("Which one.")
    async def delete_deployment(self, info: Info, input: DeleteDeploymentInput) -> DeleteDeploymentPayload:
        """Delete a deployment with its log. A CONFLICT where it is being built or runs: cancel it first."""
        deployment = await info.context.services.deletion.delete_deployment(
            DeploymentId(input.deployment_id), by=info.context.actor
        )
        return DeleteDeploymentPayload.of(deployment)

    @mutation("Which one.")
    async def stop_deployment(self, info: Info, input: StopDeploymentInput) -> StopDeploymentPayload:
        """Let nothing run any more of a deployment that is live; `redeploy` or `rollbackDeployment` brings it back.
        A CONFLICT where it is not live.
        """
        deployment = await info.context.services.deployments.stop(
            DeploymentId(input.deployment_id), by=info.context.actor
        )
        return StopDeploymentPayload.of(deployment)

    @mutation("Which one, and how much.")
    async def scale_deployment(self, info: Info, input: ScaleDeploymentInput) -> ScaleDeploymentPayload:
        """Let more or less run of a deployment that is live, without a build; so has the environment then, and what is
        deployed there later. A CONFLICT where it is not live.
        """
        deployment = await info.context.services.operator.scale(
            DeploymentId(input.deployment_id), Hosting(None, input.size, input.instances), by=info.context.actor
        )
        return ScaleDeploymentPayload.of(deployment)

    @mutation("Which one.")
    async def restart_deployment(self, info: Info, input: RestartDeploymentInput) -> RestartDeploymentPayload:
        """Start what runs again, in place, with the same code and variables. A CONFLICT where it is not live; at VERCEL
        there is nothing to restart.
        """
        deployment = await info.context.services.operator.restart(
            DeploymentId(input.deployment_id),
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return RestartDeploymentPayload.of(deployment)


@strawberry.type
class DeploymentsSubscription:
    @strawberry.subscription
    async def deployment_events(
        self, info: Info, id: DeploymentArgument, after: ResumeAfter = None, filter: LogFilterArgument = None
    ) -> AsyncGenerator[DeploymentEvent, None]:
        """Watch a deployment: everything so far, then live, for as long as it runs."""
        deployments, deployment_id = info.context.services.deployments, DeploymentId(id)
        return Watch(
            lambda: deployments.follow(deployment_id, after=after, shown=log_filter(filter), by=info.context.actor),
            lambda happened: shown_event(happened, deployment_id),
        )
