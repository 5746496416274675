"""The service of a site: its project, its variables, its domain, its deployments."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Final

from services.core.frozen import frozen
from services.platforms.offers import Hosting
from services.platforms.port import DeployFailed, Placement
from services.platforms.railway.answers import (
    DEPLOYING,
    LIVE,
    REMOVED,
    Deployment,
    Deployments,
    DomainCreated,
    Domains,
    Done,
    Named,
    Place,
    Project,
    ProjectCreated,
    ProjectInfo,
    Projects,
    ServiceCreated,
    Variables,
    Who,
)
from services.platforms.railway.api import Api
from services.platforms.railway.documents import (
    CANCEL,
    DEPLOYMENTS,
    DOMAIN_CREATE,
    DOMAINS,
    INSTANCE_UPDATE,
    PROJECT,
    PROJECT_CREATE,
    PROJECTS,
    REMOVE,
    RESTART,
    ROLLBACK,
    SERVICE_CREATE,
    VARIABLE_DELETE,
    VARIABLES,
    VARIABLES_UPSERT,
    WHO,
)
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import LOOKS, Limits, Work, found
from services.platforms.vendors.workspaces import meant

NEWEST: Final = "newest"
"""The step that notes the newest deployment before a rollback, whose answer does not name what it begins."""

OURS: Final = "SNAPINFRA_VARIABLES"
"""The variable that lists those which we set: the others are the user's own."""

_PROVIDED: Final = re.compile(
    r"RAILWAY_(?:(?:PROJECT|ENVIRONMENT|SERVICE|REPLICA|VOLUME|GIT|TCP_PROXY|PUBLIC|PRIVATE|STATIC|SNAPSHOT)(?:_.*)?"
    r"|DEPLOYMENT_ID)"
)
"""Set by Railway itself (docs.railway.com/reference/variables)."""


@frozen
class Site:
    """The project and its service have the site's name. They may not be there yet."""

    api: Api
    placement: Placement

    async def ensure(self, work: Work) -> Place:
        """Return where the service is, and create it and its project where there is none."""

        async def create_project() -> str:
            existing = await self.find_project()
            return existing or await self._create_project(work)

        project_id = await work.once("project", call=create_project, find=self.find_project)
        project = await self._project(project_id)
        environment_id = project.primary_environment_id or project.environments.nodes[0].id

        async def find_service() -> str | None:
            return _named(self.placement.site, (await self._project(project_id)))

        async def create_service() -> str:
            wanted = {"projectId": project_id, "environmentId": environment_id, "name": self.placement.site}
            existing = _named(self.placement.site, project)
            if existing is not None:
                return existing
            answer = await self.api.ask(SERVICE_CREATE, ServiceCreated, input=wanted)
            return answer.service_create.id

        service_id = await work.once("service", call=create_service, find=find_service)
        return Place(project_id, environment_id, service_id)

    async def find(self) -> Place | None:
        """Return where the service is."""
        project_id = self.placement.progress.id("project") or await self.find_project()
        if project_id is None:
            return None
        project = await self._project(project_id)
        service_id = self.placement.progress.id("service") or _named(self.placement.site, project)
        environment_id = project.primary_environment_id or project.environments.nodes[0].id
        return Place(project_id, environment_id, service_id) if service_id else None

    async def find_project(self) -> str | None:
        """Return the project with the site's name, in whichever workspace is meant. Raises DeployFailed."""
        for workspace in await self._workspaces():
            after: str | None = None
            while True:
                page = (await self.api.ask(PROJECTS, Projects, workspaceId=workspace.id, after=after)).projects
                for project in page.nodes:
                    if project.name == self.placement.site:
                        return project.id
                if page.page_info is None or not page.page_info.has_next_page:
                    break
                after = page.page_info.end_cursor
        return None

    async def _create_project(self, work: Work) -> str:
        workspace = (await self._workspaces())[0]
        await work.say(f"Creating the project {self.placement.site} in the workspace {workspace.name}.")
        wanted = {"name": self.placement.site, "workspaceId": workspace.id}
        answer = await self.api.ask(PROJECT_CREATE, ProjectCreated, input=wanted)
        return answer.project_create.id

    async def _workspaces(self) -> Sequence[Named]:
        who = await self.api.ask(WHO, Who)
        return meant(who.api_token.workspaces, self.placement.credentials, at="Railway")

    async def _project(self, project_id: str) -> ProjectInfo:
        return (await self.api.ask(PROJECT, Project, id=project_id)).project

    async def set_variables(self, place: Place, wanted: Mapping[str, str]) -> None:
        """Set what is wanted, and take out what we set earlier and is wanted no more. The user's own stay."""
        listed = (await self.api.ask(VARIABLES, Variables, **place.ids)).variables
        present = {name: value for name, value in listed.items() if not _PROVIDED.fullmatch(name)}
        gone = set((present.get(OURS) or "").split()) & present.keys() - wanted.keys()
        named = {**wanted, OURS: " ".join(sorted(wanted))}
        changes = {name: value for name, value in named.items() if present.get(name) != value}
        kept = {name: value for name, value in present.items() if name not in gone and name not in named}
        if gone and all(value is not None for value in kept.values()):
            await self._upsert(place, {**kept, **named}, replace=True)
            return
        for name in sorted(gone):  # one by one, which may redeploy what runs: nobody can read back what is sealed
            await self.api.ask(VARIABLE_DELETE, Done, input={**place.ids, "name": name})
        if changes:
            await self._upsert(place, changes, replace=False)

    async def _upsert(self, place: Place, variables: Mapping[str, str | None], *, replace: bool) -> None:
        wanted = {**place.ids, "variables": variables, "replace": replace, "skipDeploys": True}
        await self.api.ask(VARIABLES_UPSERT, Done, input=wanted)

    async def domain(self, place: Place, work: Work) -> str:
        """Return the domain that Railway gives the service."""

        async def find() -> str | None:
            domains = (await self.api.ask(DOMAINS, Domains, **place.ids)).domains.service_domains
            return domains[0].domain if domains else None

        async def create() -> str:
            wanted = {"environmentId": place.environment_id, "serviceId": place.service_id}
            existing = await find()
            if existing is not None:
                return existing
            answer = await self.api.ask(DOMAIN_CREATE, DomainCreated, input=wanted)
            return answer.service_domain_create.domain

        return await work.once("domain", call=create, find=find)

    async def deployments(self, place: Place) -> list[Deployment]:
        """Return the newest deployments, the newest first."""
        listed = await self.api.ask(DEPLOYMENTS, Deployments, input=place.ids)
        return sorted(listed.deployments.nodes, key=lambda each: each.created_at, reverse=True)

    async def find_marked(self, place: Place) -> str | None:
        """Return the deployment that carries our deployment's mark."""
        marked = (each.id for each in await self.deployments(place) if each.has_mark(self.placement.deployment_id))
        return next(marked, None)

    async def running(self, deployment: Deployment) -> Deployment | None:
        """Return what runs of a deployment that was removed: Railway moves services to other machines.

        None where nothing does, or what follows it is another's: of another source, or of an earlier image.
        """
        newer = takewhile(lambda each: each.id != deployment.id, await self.deployments(deployment.place))
        oldest_first = reversed(list(newer))
        own = takewhile(lambda each: each.is_again or each.has_mark(self.placement.deployment_id), oldest_first)
        return next((each for each in own if each.status in LIVE), None)

    async def current(self) -> Deployment:
        """Return what runs, which is ours: or that to which Railway has moved it. Raises DeployFailed GONE."""
        deployment_id = self.placement.progress.id("rollback") or self.placement.progress.id("build")
        deployment = await self.api.deployment(deployment_id) if deployment_id else None
        if deployment is not None and deployment.status in REMOVED:
            deployment = await self.running(deployment)
        if deployment is None:
            raise DeployFailed("GONE", "Nothing of it runs at Railway any more.")
        return deployment

    async def restart(self) -> None:
        """Start again what runs."""
        await self.api.ask(RESTART, Done, id=(await self.current()).id)

    async def host(self, place: Place, hosting: Hosting) -> None:
        """Say where the service runs, and how many of it, from its next deployment on."""
        given = {"region": hosting.region, "numReplicas": hosting.instances}
        wanted = {name: value for name, value in given.items() if value is not None}
        if wanted:
            ids = {"serviceId": place.service_id, "environmentId": place.environment_id}
            await self.api.ask(INSTANCE_UPDATE, Done, **ids, input=wanted)

    async def stop(self) -> None:
        """Let nothing of the service run."""
        place = await self.find()
        for deployment in await self.deployments(place) if place else ():
            if deployment.status not in REMOVED and deployment.status in LIVE | DEPLOYING | {"CRASHED"}:
                await self.api.ask(REMOVE, Done, id=deployment.id)

    async def give_up(self, limits: Limits) -> None:
        """Cancel what was begun; or, where it runs already, go back to what ran before."""
        calls = self.placement.progress
        deployment_id = calls.id("rollback") or calls.id("build")
        place = await self.find() if {"build", "rollback"} & calls.calls.keys() else None
        if place is None:
            return

        async def find() -> str | None:
            before = calls.id(NEWEST)
            return await (self.find_marked(place) if before is None else self.find_after(place, before))

        deployment_id = deployment_id or await found(find, limits)
        if deployment_id is None:
            return
        deployment = await self.api.deployment(deployment_id)
        if deployment.status in DEPLOYING:
            try:
                await self.api.ask(CANCEL, Done, id=deployment_id)
            except Refused:  # it ended meanwhile
                deployment = await self.api.deployment(deployment_id)
        if deployment.status in LIVE:
            await self.leave(place, deployment)

    async def find_after(self, place: Place, before: str) -> str | None:
        """Return the first deployment that came after another one."""
        deployments = [each.id for each in await self.deployments(place)]
        later = deployments[: deployments.index(before)] if before in deployments else []
        return later[-1] if later else None

    async def leave(self, place: Place, deployment: Deployment) -> None:
        """Go back from what runs to what ran before, unless somebody has deployed since; else let nothing run."""
        deployments = await self.deployments(place)
        if not deployments or deployments[0].id != deployment.id:
            return
        before = next((each for each in deployments[1:] if each.can_rollback), None)
        if before is None:
            await self.api.ask(REMOVE, Done, id=deployment.id)
        else:
            await self.api.ask(ROLLBACK, Done, id=before.id)
            await self._until_listed(place, after=deployment)

    async def _until_listed(self, place: Place, *, after: Deployment) -> None:
        """Wait until the list, which lags behind, has what follows a deployment: a repeat would roll back again."""
        pause = self.api.client.patience.first
        for _ in range(LOOKS):
            if (await self.deployments(place))[0].id != after.id:
                return
            await asyncio.sleep(pause)
            pause *= 1.5


def _named(site: str, project: ProjectInfo) -> str | None:
    return next((service.id for service in project.services.nodes if service.name == site), None)
