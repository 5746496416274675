"""Deleting projects, generations and deployments: nothing of what is deleted goes on out of sight."""

from services.core.actor import Actor
from services.core.errors import Conflict
from services.core.frozen import frozen
from services.core.ids import DeploymentId, EnvironmentId, GenerationId, IntegrationId, ProjectId, TeamId
from services.core.policy import Action
from services.deployments.model import Deployment, integrations_of
from services.deployments.service import Deployments
from services.environments.model import Environment
from services.environments.service import Environments
from services.foundation.jobs.record import JobRecord, NotEnded
from services.foundation.jobs.worker import Handler
from services.generations.model import Generation
from services.generations.service import Generations
from services.integrations.model import Integration
from services.integrations.service import Integrations
from services.projects.model import Project
from services.projects.service import Projects
from services.projects.trash import DeletedProjects


@frozen(kw_only=True)
class Deletion:
    projects: Projects
    deleted: DeletedProjects
    generations: Generations
    deployments: Deployments
    environments: Environments
    integrations: Integrations
    generation_job: Handler[Generation]
    deployment_job: Handler[Deployment]

    async def delete_generation(self, generation_id: GenerationId, *, by: Actor) -> Generation:
        """Delete a generation that has ended and that nothing under way needs, with its files, text and stream.

        Raises Conflict for others. Those that were made from it are whole without it.
        """
        generation = await self.generations.get(generation_id, by=by, action=Action.DELETE)
        if generation.finished_at is None:
            raise NotEnded("generation", generation.status)
        await self._require_unused(generation)
        if generation.open is not None:
            await self.generation_job.settle(generation)  # its end is told and paid for, though its worker was lost
        await self.generations.remove(generation)
        await self._note(generation, generation.kind.value, by=by)
        return generation

    async def delete_deployment(self, deployment_id: DeploymentId, *, by: Actor) -> Deployment:
        """Delete a deployment of which nothing runs any more, with its log. Raises Conflict for others."""
        deployment = await self.deployments.get(deployment_id, by=by, action=Action.DELETE)
        if deployment.finished_at is None:
            raise NotEnded("deployment", deployment.status)
        if deployment.open is not None:
            await self.deployment_job.settle(deployment)
        await self.deployments.remove(deployment)
        await self._note(deployment, deployment.platform.value, by=by)
        return deployment

    async def delete_environment(self, environment_id: EnvironmentId, *, by: Actor) -> Environment:
        """Delete an environment in which nothing is under way or runs. Raises Conflict for others."""
        return await self.environments.delete(environment_id, is_in_use=self.deployments.any_open_in, by=by)

    async def delete_integration(self, integration_id: IntegrationId, *, by: Actor) -> Integration:
        """Delete an integration with its credentials. Raises Conflict while a deployment is under way that needs it.

        What runs with it runs on.
        """
        integration = await self.integrations.get(integration_id, by=by, action=Action.MANAGE_INTEGRATIONS)
        async for deployment in self.deployments.under_way_of(integration.team_id):
            is_needed = integration.enabled and integration.type in integrations_of(deployment.platform)
            if is_needed and integration.project_id in (None, deployment.project_id):
                message = f"{deployment.id} is under way, and may need it: wait for that, or cancel it first."
                raise Conflict(message, current=integration)
        return await self.integrations.delete(integration_id, by=by)

    async def delete_project(self, project_id: ProjectId, *, by: Actor) -> Project:
        """Stop whatever is under way for the project or runs, and put it into the trash."""
        project = await self.projects.get(project_id, by=by, action=Action.DELETE)
        await self.stop(project)
        await self.deleted.put(project, by=by)
        await self.stop(project)  # what was asked for meanwhile
        return project

    async def delete_all(self, team_id: TeamId) -> None:
        """Stop and delete everything of a team that nobody is in any more, for good."""
        async for project in self.projects.every(team_id):
            await self.stop(project)
            await self.deleted.condemn(project.id)

    async def stop(self, project: Project) -> None:
        """Cancel whatever is under way or runs for a project that the caller may end."""
        await self.generations.stop_all(project)
        await self.deployments.stop_all(project)

    async def remove_jobs(self, project: Project) -> None:
        """Delete all generations and deployments of a project that nobody sees any more. Raises Conflict for one that
        has not ended.
        """
        async for deployment in self.deployments.every(project):
            await self.deployments.remove(deployment)
        async for generation in self.generations.every(project):
            await self.generations.remove(generation)

    async def _require_unused(self, generation: Generation) -> None:
        """Raise Conflict where a deployment runs the generation's code, or another one is being made from it."""
        if await self.deployments.any_open_of(generation):
            raise Conflict("A deployment of its code is under way or runs: cancel that first.")
        if await self.generations.any_open_from(generation):
            raise Conflict("Another generation is being made from it: wait for that, or cancel it first.")

    async def _note(self, record: JobRecord, title: str, *, by: Actor) -> None:
        project = await self.projects.get(record.project_id, by=by)
        await self.projects.journal.deleted(record, title, place=project, by=by.user_id)
