"""Deploying code: for the first time, again, as it was before, or as it is elsewhere."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.deployments.objects import Deployment
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from services.core.ids import DeploymentId, EnvironmentId, GenerationId, ProjectId
from services.deployments import model
from services.deployments.deploying import NewDeployment
from services.environments.rules import MOST as MAX_VARIABLES
from services.platforms.port import DeploymentPlatform


@strawberry.input
class EnvironmentVariableInput:
    """A variable of the deployed backend's environment."""

    name: str
    """1 to 100 letters, digits and underscores, no digit first; given once. HOME, HOST, PATH, PORT, TABLE_PREFIX,
    SNAPINFRA_VARIABLES and the AWS_ names of keys, region and endpoint are the platform's, or Snapinfra's."""
    value: str
    """At most 4,096 characters, and 2,000 lines in all values; at least 32 characters of JWT_SECRET and
    SIGNING_SECRET. Kept sealed, and given to the backend; never shown again. Where a program prints it, the log has
    `***` instead, if it has at least 6 characters: also as it stands in URLs, JSON, HTML, hexadecimal digits and
    Base64; not in capitals, nor encoded twice, but for JSON in JSON."""


@strawberry.input
class DeploymentConfigInput:
    """What to choose for a deployment."""

    environment_variables: Annotated[list[EnvironmentVariableInput], AtMost(MAX_VARIABLES)] = strawberry.field(
        default_factory=list
    )
    """Variables beside the platform's own. The JWT_SECRET and SEALING_KEYS that a backend wants and nobody has set are
    made once for its place; where others issue its tokens, JWT_SECRET or JWKS_URL is yours to give."""
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
    platform: DeploymentPlatform | None = None
    """Where to deploy it; null means the environment's, else the team's default platform."""
    environment_id: strawberry.ID | None = None
    """The environment to deploy into, whose variables it finds there; null for the project's own place."""
    config: DeploymentConfigInput | None = None
    """What to choose; null leaves everything to the platform."""
    client_mutation_id: ClientMutationId = retry_returns("deployment")


@strawberry.input
class RedeployInput:
    """A deployment to do again."""

    deployment_id: strawberry.ID
    """The deployment."""
    client_mutation_id: ClientMutationId = retry_returns("deployment")


@strawberry.input
class PromoteDeploymentInput:
    """Which deployment to promote, and to where."""

    deployment_id: strawberry.ID
    """A deployment that is, or was, live: of a preview, for example."""
    environment_id: strawberry.ID
    """Another environment of the project, at the same platform."""
    client_mutation_id: ClientMutationId = retry_returns("deployment")


@strawberry.input
class RollbackDeploymentInput:
    """Which deployment to replace, and by what it replaced."""

    deployment_id: strawberry.ID
    """The deployment that runs, or failed."""
    to_deployment_id: strawberry.ID
    """An earlier one of the same project and platform, which was live."""
    client_mutation_id: ClientMutationId = retry_returns("deployment")


@strawberry.type
class CreateDeploymentPayload(Payload):
    """The deployment, or what was wrong."""

    deployment: Deployment | None = None
    """PENDING, as a rule; watch it with the subscription `deploymentEvents`."""


@strawberry.type
class PromoteDeploymentPayload(Payload):
    """The new deployment, or what was wrong."""

    deployment: Deployment | None = None
    """A new deployment of the same code in the other environment; watch it like any. After a CONFLICT the one that was
    to be promoted."""


@strawberry.type
class RedeployPayload(Payload):
    """The new deployment, or what was wrong."""

    deployment: Deployment | None = None
    """A new deployment of the same code; once live it replaces what runs. After a CONFLICT the one asked about."""


@strawberry.type
class RollbackDeploymentPayload(Payload):
    """The new deployment, or what was wrong."""

    deployment: Deployment | None = None
    """A new deployment of the earlier code with its variables; watch it like any. After a CONFLICT the one that was to
    be replaced."""


@strawberry.type
class DeployingMutation:
    @mutation("What, and where.")
    async def create_deployment(self, info: Info, input: CreateDeploymentInput) -> CreateDeploymentPayload:
        """Deploy the code of a generation. Returns at once; the work is streamed."""
        chosen = input.config or DeploymentConfigInput()
        new = NewDeployment(
            project_id=ProjectId(input.project_id),
            generation_id=GenerationId(input.generation_id),
            platform=input.platform,
            config=model.DeploymentConfig.of(
                [(variable.name, variable.value) for variable in chosen.environment_variables],
                chosen.build_command,
                chosen.start_command,
            ),
            environment_id=None if input.environment_id is None else EnvironmentId(input.environment_id),
            client_mutation_id=input.client_mutation_id,
        )
        return CreateDeploymentPayload.of(await info.context.services.deployer.create(new, by=info.context.actor))

    @mutation("Which one.")
    async def redeploy(self, info: Info, input: RedeployInput) -> RedeployPayload:
        """Deploy the same code with the same configuration again. A CONFLICT where the code was deleted."""
        deployment = await info.context.services.deployer.redeploy(
            DeploymentId(input.deployment_id),
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return RedeployPayload.of(deployment)

    @mutation("Which one, and to where.")
    async def promote_deployment(self, info: Info, input: PromoteDeploymentInput) -> PromoteDeploymentPayload:
        """Deploy to another environment what a deployment has built, with that environment's variables. HEROKU and
        AWS_ECS run what was built; elsewhere the kept code is built again. A CONFLICT where the code was deleted, or
        never ran.
        """
        deployment = await info.context.services.deployer.promote(
            DeploymentId(input.deployment_id),
            EnvironmentId(input.environment_id),
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return PromoteDeploymentPayload.of(deployment)

    @mutation("From which, to which.")
    async def rollback_deployment(self, info: Info, input: RollbackDeploymentInput) -> RollbackDeploymentPayload:
        """Bring an earlier deployment back: its code with the variables it had. A platform that keeps what it built is
        asked for that; otherwise the kept code is built again. A CONFLICT where the code was deleted, or never ran.
        """
        deployment = await info.context.services.deployer.roll_back(
            DeploymentId(input.deployment_id),
            DeploymentId(input.to_deployment_id),
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return RollbackDeploymentPayload.of(deployment)
