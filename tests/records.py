"""Records of jobs as workers leave them, of pushes and domains, for tests that need no worker and no platform."""

from msgspec.structs import replace

from services.core.clock import utc_now
from services.core.ids import DeploymentId, DomainId, GenerationId, IntegrationId, PushId, new_id
from services.deployments.model import Deployment
from services.domains.model import Domain
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from services.pushes.model import Push


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


def push_of(generation: Generation) -> Push:
    """Make the push of a generation's code, by who asked for that."""
    now = utc_now()
    return Push(
        id=PushId(new_id("push")),
        project_id=generation.project_id,
        user_id=generation.user_id,
        generation_id=generation.id,
        integration_id=IntegrationId(new_id("integration")),
        repository="octocat/users",
        url="https://github.com/octocat/users",
        branch="main",
        commit="0" * 40,
        commit_url=f"https://github.com/octocat/users/commit/{'0' * 40}",
        has_changes=True,
        created_repository=False,
        created_at=now,
        updated_at=now,
    )


def domain_of(deployment: Deployment, name: str = "api.example.com") -> Domain:
    """Make a domain of what a deployment runs at, by who asked for that."""
    now = utc_now()
    return Domain(
        id=DomainId(new_id("domain")),
        project_id=deployment.project_id,
        user_id=deployment.user_id,
        team_id=deployment.team_id,
        deployment_id=deployment.id,
        platform=DeploymentPlatform.HEROKU,
        site="users-0123abcd",
        name=name,
        created_at=now,
        updated_at=now,
    )
