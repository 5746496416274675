"""This file is deleting projects: their work ends first, so that nothing of it goes on out of sight."""

from dataclasses import dataclass

from services.core.actor import Actor
from services.core.ids import ProjectId, TeamId
from services.core.pages import PageRequest
from services.core.policy import Action
from services.deployments.service import Deployments
from services.generations.service import Generations
from services.projects import Project, Projects


@dataclass(frozen=True, slots=True)
class Deletion:
    projects: Projects
    generations: Generations
    deployments: Deployments

    async def delete_project(self, project_id: ProjectId, *, by: Actor) -> Project:
        """Stop whatever is under way for the project or runs, then delete it."""
        project = await self.projects.get(project_id, by=by, action=Action.DELETE)
        await self._stop(project)
        return await self.projects.delete(project_id, by=by)

    async def delete_all(self, team_id: TeamId) -> None:
        """Stop and delete everything of a team that nobody is in any more."""
        page = PageRequest(first=100)
        while True:
            found = await self.projects.table.query("TeamIdIndex", team_id, page)
            for project in found.items:
                await self._stop(project)
                await self.projects.remove(project.id)
            if not found.has_next:
                return
            page = PageRequest(first=100, after=found.cursors[-1])

    async def _stop(self, project: Project) -> None:
        await self.generations.stop_all(project)
        await self.deployments.stop_all(project)
