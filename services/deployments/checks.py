"""What may be deployed, gone back to, and promoted."""

from collections.abc import Mapping
from typing import Final

from services.core.errors import Conflict, Fault, Invalid
from services.core.text import Kind, bounded
from services.deployments.model import Deployment, DeploymentConfig
from services.environments.model import Environment
from services.environments.rules import variable_faults
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.platforms.backend import CONSUMERS
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project

MAX_COMMAND: Final = 500


def check_rollback(current: Deployment, earlier: Deployment) -> None:
    """Raise Invalid or Conflict where one can not go back to another."""
    if earlier.id == current.id:
        raise Invalid.one("That is the deployment itself; redeploy does it again.", "toDeploymentId")
    if (earlier.project_id, earlier.platform, earlier.site) != (current.project_id, current.platform, current.site):
        raise Invalid.one("toDeploymentId is not an earlier deployment of the same place.", "toDeploymentId")
    if earlier.live_at is None:
        raise Conflict("That deployment never answered; choose one that was live.", current=current)
    if earlier.answers and (current.live_at is None or current.live_at < earlier.live_at):
        raise Conflict("That deployment is what runs there now; choose an earlier one.", current=earlier)


def check_promotion(source: Deployment, to: Environment) -> None:
    """Raise Invalid or Conflict where what one has built is not for an environment."""
    if to.project_id != source.project_id:
        raise Invalid.one("environmentId is an environment of another project.", "environmentId")
    if to.platform is not source.platform:
        message = f"The environment is at {to.platform.value}, and the deployment at {source.platform.value}."
        raise Invalid.one(message, "environmentId")
    if to.id == source.environment_id:
        raise Invalid.one("It was made for that environment; redeploy does it again.", "environmentId")
    if source.live_at is None:
        raise Conflict("That deployment never answered; choose one that was live.", current=source)


def check_deployable(generation: Generation, project: Project) -> None:
    """Raise Invalid where a generation is not code of a project that can be deployed."""
    if generation.project_id != project.id:
        raise Invalid.one("generationId is a generation of another project.", "generationId")
    if generation.kind is not GenerationKind.CODE:
        raise Invalid.one("Only a CODE generation can be deployed.", "generationId")
    if generation.status is not GenerationStatus.COMPLETED:
        raise Invalid.one(
            f"Only a COMPLETED generation can be deployed; this one is {generation.status.value}.", "generationId"
        )


def config_faults(config: DeploymentConfig) -> list[Fault]:
    """Return what is wrong with what a user chooses."""
    faults = variable_faults(config.environment_variables, where=("config", "environmentVariables"))
    for name, command in (("buildCommand", config.build_command), ("startCommand", config.start_command)):
        if command is not None:
            faults += bounded(command, field=("config", name), most=MAX_COMMAND, kind=Kind.LINES)
    return faults


def consumer_faults(generation: Generation, platform: DeploymentPlatform, variables: Mapping[str, str]) -> list[Fault]:
    """Return what keeps a platform that runs functions alone from running a backend with consumers of queues."""
    is_served = platform is not DeploymentPlatform.VERCEL or variables.get("CONSUMERS") == "off"
    if is_served or all(file.path != CONSUMERS for file in generation.files):
        return []
    message = (
        "VERCEL runs no consumers and no clock, and the backend has queues, or functions by the clock, that need them."
        " Deploy it to another platform, or run `npm run consume` elsewhere and set the variable CONSUMERS to off."
    )
    return [Fault(message, ("platform",))]
