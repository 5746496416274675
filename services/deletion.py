"""This file is deleting a project: its work ends first, so that nothing of it goes on out of sight."""

from dataclasses import dataclass

from services.core.actor import Actor
from services.core.ids import ProjectId
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
        await self.generations.stop_all(project)
        await self.deployments.stop_all(project)
        return await self.projects.delete(project_id, by=by)
