"""Records of jobs as workers leave them, for tests that need no worker."""

from msgspec.structs import replace

from services.core.clock import utc_now
from services.core.ids import DeploymentId, GenerationId, new_id
from services.deployments.model import Deployment
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project


def generation_of(project: Project, **fields: object) -> Generation:
    """Make a generation of a project, by its owner: of CODE and COMPLETED, where the fields say nothing else."""
    now = utc_now()
    generation = Generation(
        id=GenerationId(new_id("generation")),
        project_id=project.id,
        user_id=project.user_id,
        team_id=project.team_id,
        project_owner_id=project.user_id,
        kind=GenerationKind.CODE,
        prompt="",
        status=GenerationStatus.COMPLETED,
        created_at=now,
        updated_at=now,
    )
    return replace(generation, **fields)


def deployment_of(project: Project, generation_id: GenerationId, **fields: object) -> Deployment:
    """Make a deployment of a project's code, by its owner: to LOCAL and PENDING, where the fields say nothing else."""
    now = utc_now()
    deployment = Deployment(
        id=DeploymentId(new_id("deployment")),
        project_id=project.id,
        user_id=project.user_id,
        team_id=project.team_id,
        project_owner_id=project.user_id,
        generation_id=generation_id,
        platform=DeploymentPlatform.LOCAL,
        created_at=now,
        updated_at=now,
    )
    return replace(deployment, **fields)
