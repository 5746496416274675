"""What users do with projects, and what other slices read and write of them."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import DeploymentId, EnvironmentId, ProjectId, SchemaId, TeamId, UserId
from services.core.pages import Page, PageRequest
from services.core.policy import Action, allows, require
from services.core.text import Kind, bounded
from services.foundation.auth.access import AccessChanges
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import Part
from services.foundation.limits.idempotency import Idempotency, Try
from services.foundation.vault.envelope import Sealed
from services.journal.journal import Journal
from services.projects.model import NO_DEPLOYMENT, Project, ProjectStatus

NAME_LENGTH: Final = 100
MOST_UNDER_WAY: Final = 100
"""Deployments of a project that wait or are being made."""
DESCRIPTION_LENGTH: Final = 500


@frozen
class NewProject:
    name: str
    description: str = ""
    team_id: TeamId | None = None
    """None means the actor's personal team."""
    client_mutation_id: str | None = None


@frozen
class ProjectChange:
    """None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    expected_version: int | None = None


@frozen(kw_only=True)
class Projects:
    table: Table[Project]
    access: AccessChanges
    idempotency: Idempotency
    journal: Journal
    """Where all that is done in projects is noted, also by other services."""
    now: Clock

    async def create(self, new: NewProject, *, by: Actor) -> Project:
        """Start an empty project in one of the actor's teams."""
        async with self.idempotency.trying("createProject", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(ProjectId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewProject, attempt: Try, *, by: Actor) -> Project:
        _check(name=new.name, description=new.description)
        team_id = self._team(new.team_id, by=by)
        if not allows(by, Action.EDIT, team_id):
            raise Forbidden("Your role in this team does not allow you to create projects.")
        now = self.now()
        project = Project(
            id=ProjectId(await attempt.take_id("project")),
            user_id=by.user_id,
            team_id=team_id,
            name=new.name.strip(),
            description=new.description.strip(),
            latest_deployment_id=NO_DEPLOYMENT,
            created_at=now,
            updated_at=now,
        )
        try:
            await self.table.put_new(project)
        except AlreadyExists:
            project = await self.get(project.id, by=by)
        await self.journal.created(project, project.name, place=project, by=by.user_id)
        return project

    async def get(self, project_id: ProjectId, *, by: Actor, action: Action = Action.VIEW) -> Project:
        """Return a project on which the actor may do `action`."""
        project = await self.find(project_id)
        return require(by, action, project, missing=NotFound("project", project_id))

    async def find(self, project_id: ProjectId) -> Project | None:
        """Return a project for work that was authorized when it was asked for; None where there is none any more."""
        project = await self.table.find(project_id)
        return None if project is None or project.is_deleted else project

    async def stored(self, project_id: ProjectId) -> Project | None:
        """Return a project as `find` does, also a deleted one."""
        return await self.table.find(project_id)

    async def many(self, keys: Sequence[tuple[ProjectId, UserId]], *, by: Actor) -> Sequence[Project | None]:
        """Return projects by id and owner; None where there is none that the actor may see."""
        projects = await self.table.find_many(keys)
        return [
            project if project is not None and allows(by, Action.VIEW, project.team_id) else None
            for project in projects
        ]

    async def list(
        self, page: PageRequest, *, team_id: TeamId | None, status: ProjectStatus | None, by: Actor
    ) -> Page[Project]:
        """Return a team's projects, newest first; None means the actor's personal team."""
        team = self._team(team_id, by=by)
        where = {"status": status.value} if status else None
        return await self.table.query("TeamIdIndex", team, page, where=where)

    async def newest(self, team_id: TeamId, most: int) -> Sequence[Project]:
        """Return the newest projects of a team that the caller may see."""
        return (await self.table.query("TeamIdIndex", team_id, PageRequest(first=most))).items

    async def count(self, team_id: TeamId) -> int:
        """Count the projects of a team that the caller may see."""
        return await self.table.count("TeamIdIndex", team_id)

    async def any_of(self, team_id: TeamId) -> bool:
        """Say whether a team has projects, besides deleted ones."""
        return await self.table.latest("TeamIdIndex", team_id) is not None

    async def every(self, team_id: TeamId) -> AsyncGenerator[Project]:
        """Yield all projects of a team that the caller may end, and then those that could be restored to it."""
        for index in ("TeamIdIndex", "DeletedIndex"):
            async for project in self.table.every(index, team_id):
                yield project

    async def update(self, project_id: ProjectId, change: ProjectChange, *, by: Actor) -> Project:
        """Change a project's name or description."""
        _check(name=change.name, description=change.description)
        await self.get(project_id, by=by, action=Action.EDIT)

        def changed(project: Project) -> Project:
            if change.expected_version not in (None, project.version):
                raise Conflict("The project has changed meanwhile.", current=project)
            fields = {"name": change.name, "description": change.description}
            return replace(project, **{name: text.strip() for name, text in fields.items() if text is not None})

        project = self._existing(await self.table.update(project_id, changed), project_id)
        await self.journal.updated(project, project.name, place=project, by=by.user_id)
        return project

    async def move(
        self, project_id: ProjectId, team_id: TeamId, *, expected_version: int | None = None, by: Actor
    ) -> Project:
        """Give a project to another of the actor's teams.

        Who is in the old one only loses sight of it, within 5 seconds also where they are watching.
        """
        project = await self.get(project_id, by=by, action=Action.DELETE)
        if not allows(by, Action.EDIT, self._team(team_id, by=by)):
            raise Forbidden("Your role in that team does not allow you to bring projects into it.")

        def moved(old: Project) -> Project:
            if old.team_id != project.team_id or expected_version not in (None, old.version):
                raise Conflict("The project has changed meanwhile.", current=old)
            return old if old.team_id == team_id else replace(old, team_id=team_id)

        new = self._existing(await self.table.update(project_id, moved), project_id)
        if new.team_id != project.team_id:
            await self.access.announce(project.team_id, spared=new.team_id)
            await self.journal.updated(new, new.name, place=new, by=by.user_id)
        return new

    async def next_number(self, project: Project) -> int:
        """Return the number of the project's next generation, from 1; no two get the same one."""
        number = await self.table.increment(project, "generations")
        if number is None:
            raise NotFound("project", project.id)
        return number

    def sameness(self, project: Project) -> Part:
        """Return the part of a transaction whose condition fails where the project has changed since it was read."""
        return self.table.sameness(project)

    def pointing_to(self, project: Project, deployment_id: DeploymentId) -> Part:
        """Return the part of a transaction by which a project knows its newest deployment, "" for none.

        Its condition fails where the project has changed since it was read; so does that of `with_schema`.
        """
        return self.table.replacement(project, replace(project, latest_deployment_id=deployment_id))

    def waiting(self, project: Project, deployment_id: DeploymentId) -> Part:
        """Return the part of a transaction by which a new deployment has its turn behind those that are under way, and
        the project knows it as `pointing_to` does. Raises Conflict where too many are.
        """
        if len(project.under_way) >= MOST_UNDER_WAY:
            message = f"{MOST_UNDER_WAY} deployments of this project are under way: wait for one, or cancel some."
            raise Conflict(message, current=project)
        newest = max(project.latest_deployment_id or NO_DEPLOYMENT, deployment_id)
        behind = (*project.under_way, deployment_id)
        return self.table.replacement(project, replace(project, latest_deployment_id=newest, under_way=behind))

    def naming(self, project: Project, names: Mapping[str, EnvironmentId]) -> Part:
        """Return the part of a transaction by which a project's environments have these names; as `pointing_to`."""
        return self.table.replacement(project, replace(project, environment_names=names))

    def with_schema(self, project: Project, schema_id: SchemaId, version: int) -> Part:
        """Return the part of a transaction by which a project has a version of its schema."""
        status = ProjectStatus.READY if project.status is ProjectStatus.DRAFT else project.status
        new = replace(project, schema_id=schema_id, schema_version=version, status=status)
        return self.table.replacement(project, new)

    async def mark(self, project_id: ProjectId, status: ProjectStatus, *, job_id: str) -> None:
        """Record that a job has begun to work on the project (it was authorized when it was asked for)."""
        await self._change(project_id, lambda _: {"status": status, "working_id": job_id})

    async def know_latest(self, project_id: ProjectId, deployment_id: DeploymentId) -> None:
        """Keep the newest deployment of a project from before this was kept."""
        await self._change(project_id, lambda old: {"latest_deployment_id": old.latest_deployment_id or deployment_id})

    async def keep_secret(self, project_id: ProjectId, secret: Sealed) -> Sealed:
        """Keep the secret of a project that has none, and return the one that it has. Raises NotFound."""

        def keeping(old: Project) -> Project:
            return old if old.secret else replace(old, secret=secret)

        return self._existing(await self.table.update(project_id, keeping), project_id).secret or secret

    async def settled(self, project_id: ProjectId, *, job_id: str, failed: bool) -> None:
        """Record that a job has ended; once another has begun to work on the project, that changes nothing."""

        def rested(old: Project) -> dict[str, Any]:
            if old.working_id != job_id:
                return {}
            return {"status": _resting(old, failed=failed), "working_id": None}

        await self._change(project_id, rested)

    async def went_live(self, project_id: ProjectId, deployment_id: DeploymentId) -> None:
        """Record which deployment began to answer last."""
        live = {"live_deployment_id": deployment_id, "status": ProjectStatus.DEPLOYED, "working_id": None}
        await self._change(project_id, lambda old: {**live, "under_way": _without(old, deployment_id)})

    async def went_down(self, project_id: ProjectId, deployment_id: DeploymentId, *, failed: bool) -> None:
        """Record that a deployment has ended, whether or not it ever answered. A repeat changes nothing."""

        def down(old: Project) -> dict[str, Any]:
            rested: dict[str, Any] = {"under_way": _without(old, deployment_id)}
            if deployment_id not in {old.live_deployment_id, old.working_id}:
                return rested
            live = None if old.live_deployment_id == deployment_id else old.live_deployment_id
            rested["live_deployment_id"] = live
            if old.working_id in {None, deployment_id}:
                new = replace(old, live_deployment_id=live)
                rested |= {"status": _resting(new, failed=failed), "working_id": None}
            return rested

        await self._change(project_id, down)

    async def _change(self, project_id: ProjectId, fields: Callable[[Project], dict[str, Any]]) -> None:
        def changed(old: Project) -> Project:
            new = replace(old, **fields(old))
            return old if new == old else new

        await self.table.update(project_id, changed)

    def _team(self, team_id: TeamId | None, *, by: Actor) -> TeamId:
        if team_id is None:
            return by.personal_team_id
        if not allows(by, Action.VIEW, team_id):
            raise NotFound("team", team_id)
        return team_id

    def _existing(self, project: Project | None, project_id: ProjectId) -> Project:
        if project is None:
            raise NotFound("project", project_id)
        return project


def _check(**texts: Any) -> None:
    faults: list[Fault] = []
    if texts["name"] is not None:
        faults += bounded(texts["name"], field=["name"], most=NAME_LENGTH)
    if texts["description"] is not None:
        description = texts["description"]
        faults += bounded(description, field=["description"], most=DESCRIPTION_LENGTH, least=0, kind=Kind.LINES)
    if faults:
        raise Invalid(faults)


def _without(project: Project, deployment_id: DeploymentId) -> tuple[DeploymentId, ...]:
    return tuple(each for each in project.under_way if each != deployment_id)


def _resting(project: Project, *, failed: bool) -> ProjectStatus:
    if project.live_deployment_id:
        return ProjectStatus.DEPLOYED
    if failed:
        return ProjectStatus.ERROR
    return ProjectStatus.READY if project.schema_id else ProjectStatus.DRAFT
