"""The dashboard in the schema."""

from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.deployments import Deployment
from resolvers.lists import AtMost
from resolvers.projects import Project
from services import dashboard as model
from services.core.ids import TeamId
from services.deployments.model import DeploymentStatus


@strawberry.type
class DeploymentCount:
    """How many deployments have a status."""

    status: DeploymentStatus
    """The status."""
    count: int
    """How many have it; at least 1."""


@strawberry.type
class Dashboard:
    """What a team has, at a glance."""

    project_count: int
    """How many projects the team has; beyond some thousands a lower bound."""
    recent_projects: Annotated[list[Project], AtMost(model.SHOWN)]
    """The newest projects."""
    recent_deployments: Annotated[list[Deployment], AtMost(model.SHOWN)]
    """The newest deployments."""
    deployment_counts: Annotated[list[DeploymentCount], AtMost(len(DeploymentStatus))]
    """The 100 newest deployments by status; statuses that none has are left out."""
    generations_this_month: int
    """How many generations were asked for since the month began, in UTC."""

    @classmethod
    def of(cls, dashboard: model.Dashboard) -> Self:
        counts = sorted(dashboard.deployment_counts.items(), key=lambda pair: pair[0].value)
        return cls(
            project_count=dashboard.project_count,
            recent_projects=[Project.of(project) for project in dashboard.recent_projects],
            recent_deployments=[Deployment.of(deployment) for deployment in dashboard.recent_deployments],
            deployment_counts=[DeploymentCount(status=status, count=count) for status, count in counts],
            generations_this_month=dashboard.generations_this_month,
        )


@strawberry.type
class DashboardQuery:
    @strawberry.field
    async def dashboard(
        self,
        info: Info,
        team_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The team; null: your personal one.")
        ] = None,
    ) -> Dashboard | None:
        """Return what a team has, at a glance."""
        team = None if team_id is None else TeamId(team_id)
        return Dashboard.of(await info.context.services.dashboards.get(team, by=info.context.actor))
