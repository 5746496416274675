"""The dashboard: what a team has at a glance, from a bounded number of reads."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import NotFound
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.core.policy import Action, allows
from services.deployments.model import Deployment, DeploymentStatus
from services.deployments.service import Deployments
from services.journal.model import EntityType
from services.journal.reading import JournalReader
from services.projects.model import Project
from services.projects.service import Projects

SHOWN: Final = 5
"""Recent projects and deployments."""


@frozen
class Dashboard:
    project_count: int
    recent_projects: Sequence[Project]
    recent_deployments: Sequence[Deployment]
    deployment_counts: Mapping[DeploymentStatus, int]
    """Of the team's hundred newest deployments; statuses that none has are left out."""
    generations_this_month: int
    """Asked for since the month began, in UTC."""


@frozen(kw_only=True)
class Dashboards:
    projects: Projects
    deployments: Deployments
    journal: JournalReader
    now: Clock

    async def get(self, team_id: TeamId | None, *, by: Actor) -> Dashboard:
        """Return the dashboard of a team; None means the actor's personal one."""
        team = by.personal_team_id if team_id is None else team_id
        if not allows(by, Action.VIEW, team):
            raise NotFound("team", team)
        count, projects, deployments, generations = await asyncio.gather(
            self.projects.count(team),
            self.projects.newest(team, SHOWN),
            self.deployments.newest_of_team(team, by=by),
            self._generations_this_month(team),
        )
        return Dashboard(
            project_count=count,
            recent_projects=projects,
            recent_deployments=deployments[:SHOWN],
            deployment_counts=Counter(deployment.status for deployment in deployments),
            generations_this_month=generations,
        )

    async def _generations_this_month(self, team_id: TeamId) -> int:
        month = self.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return await self.journal.count_created(team_id, EntityType.GENERATION, since=month)
