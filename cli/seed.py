"""`snapinfra seed`: a believable team at work, for looking around in a development server.

Everything is made by the services, as users make it, and only where it is missing: a second run adds nothing. The jobs
run here, on queues of their own, by the scaffold and on a platform that only rehearses, whatever the server would use.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import click

from cli.commands import PORT
from cli.development import development_config
from cli.rehearsal import FAILING, REQUESTS, Rehearsal
from cli.serving import aws_shared, is_in_use, provision_stage, tool_environment
from services.analytics.sample import week
from services.analytics.service import BATCH, TimeRange
from services.bootstrap import Process, Services, opened
from services.config import BadConfig, Config, process_environment
from services.core.actor import Actor, Role, Scope
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.ids import DeploymentId
from services.core.pages import PageRequest
from services.deployments.deploying import NewDeployment
from services.deployments.events import LogFilter, LogLines
from services.deployments.model import DeploymentConfig
from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.documentation.service import NewPage, PageFilter
from services.foundation.auth.tokens import Subject, dev_user
from services.foundation.events.stream import StreamEvent
from services.foundation.jobs.worker import Worker
from services.generations.model import GenerationKind
from services.generations.service import NewGeneration
from services.memberships.model import Team
from services.notifications.model import NotificationEvent
from services.notifications.service import NewWebhook, WebhookChange
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from services.projects.service import NewProject
from services.settings import SettingsChange, Theme
from services.users import ProfileChange

TEAM: Final = "Acme"
OWNER: Final = "alice"
MEMBERS: Final[Mapping[str, tuple[Role, str, str]]] = {
    "bob": (Role.ADMIN, "Bob", "Okafor"),
    "carol": (Role.EDITOR, "Carol", "Lindqvist"),
    "dave": (Role.VIEWER, "Dave", "Moreno"),
}
ALL: Final = PageRequest(first=100)

SCHEMA, ARCHITECTURE, CODE, DOCUMENTATION, CHAT = (
    GenerationKind.SCHEMA,
    GenerationKind.ARCHITECTURE,
    GenerationKind.CODE,
    GenerationKind.DOCUMENTATION,
    GenerationKind.CHAT,
)


@frozen
class Plan:
    """A project to be: who works on it, what they have generated, and with which variables they have deployed."""

    name: str
    description: str
    who: str
    generations: Sequence[tuple[GenerationKind, str | None]] = ()
    deployments: Sequence[Mapping[str, str]] = ()


PLANS: Final = (
    Plan("Fleet tracker", "Track vehicles, drivers, trips and maintenance of a small fleet", "bob"),
    Plan(
        "Course platform",
        "Online courses with lessons, students, enrollments and quizzes",
        "carol",
        [(SCHEMA, None)],
    ),
    Plan(
        "Team wiki",
        "A wiki with spaces, pages, comments and attachments",
        "alice",
        [(SCHEMA, None), (ARCHITECTURE, None), (CHAT, "Which tables does a comment belong to?")],
    ),
    Plan(
        "Clinic appointments",
        "Manage patients, doctors and appointments of a clinic",
        "carol",
        [(SCHEMA, None), (CODE, None)],
        [{FAILING: "yes"}],
    ),
    Plan(
        "Online shop",
        "A shop with products, categories, customers, carts and orders",
        "alice",
        [(SCHEMA, None), (ARCHITECTURE, None), (CODE, None), (DOCUMENTATION, None)],
        [{"NODE_ENV": "production"}, {"NODE_ENV": "production", "LOG_LEVEL": "debug"}],
    ),
)
"""Oldest first."""

AUDIT_LOG: Final = Table(
    name="audit_log",
    fields=(
        Field(name="id", type=FieldType.STRING, primary_key=True),
        Field(name="actor", type=FieldType.STRING),
        Field(name="action", type=FieldType.STRING),
        Field(name="at", type=FieldType.DATETIME),
    ),
)

ON_CALL: Final = """# On call

1. Look at the dashboard: is it one backend, or all?
2. Read the deployment's log, `RUNTIME` and `ERROR` first.
3. Roll back before you repair.
"""


async def fill(data: Path) -> None:
    """Fill the development server that uses a data folder, whether or not it runs just now."""
    environment = process_environment().get("SNAPINFRA_ENV", "development")
    if environment != "development":
        raise BadConfig(f"`snapinfra seed` is for development; SNAPINFRA_ENV is {environment}. Nothing was added.")
    config = development_config(port=PORT, data=data, host="127.0.0.1")
    if not is_in_use(config):
        click.echo(f"No server uses {data} now: an emulator is started to fill it, and stopped again.")
    click.echo("Generating and deploying what the team has made; this takes some seconds.")
    async with aws_shared(config) as shared:
        team = await seed(shared)
    click.echo(f"The team {team.name} ({team.id}) is there: {OWNER}, {', '.join(MEMBERS)}, {len(PLANS)} projects.")


async def seed(config: Config) -> Team:
    """Make what is missing of the team and its work in a development stage, and return the team."""
    config = _on_own_queues(config)
    await asyncio.to_thread(provision_stage, config)
    platforms = {DeploymentPlatform.LOCAL: Rehearsal(utc_now)}
    async with opened(config, tool_environment(), platforms=platforms) as process:
        services = process.services
        team = await _team(services)
        people = {name: await _actor(services, name) for name in (OWNER, *MEMBERS)}
        stage = _Stage(services, team, people)
        projects = [await stage.project(plan) for plan in PLANS]
        async with _working(process):
            await asyncio.gather(*map(stage.generate, PLANS, projects))
        async with _working(process):
            await asyncio.gather(*map(stage.deploy, PLANS, projects))
        await stage.by_hand({plan.name: project for plan, project in zip(PLANS, projects, strict=True)})
        await stage.settings()
    return team


def _on_own_queues(config: Config) -> Config:
    """Return settings under which no running worker takes the jobs, and no model is asked."""
    own = {"generation_queue": "snapinfra-seed-generations", "deployment_queue": "snapinfra-seed-deployments"}
    scaffold = {"groq_api_key": None, "openai_api_key": None, "ai_model": None, "scaffold_pace": 0}
    limits = {"ai_requests": 0, "team_tokens": None, "team_cost": None, "checks": False, "job_poll": 1}
    return config.model_copy(update={**own, **scaffold, **limits})


@asynccontextmanager
async def _working(process: Process) -> AsyncGenerator[None]:
    """Run the workers for the length of the block; after it, all that follows from the jobs is done, too.

    Sweepers stay out: they would bring the server's own jobs here.
    """
    stop = asyncio.Event()
    workers = [worker.run(stop) for worker in process.workers if isinstance(worker, Worker)]
    running = asyncio.gather(*workers)
    try:
        yield
    finally:
        stop.set()
        await running


async def _actor(services: Services, name: str) -> Actor:
    return await services.users.actor(Subject(dev_user(name)), anew=True)


async def _team(services: Services) -> Team:
    """Make the team and its members, in their roles."""
    owner = await _actor(services, OWNER)
    teams = (await services.teams.list(ALL, by=owner)).items
    named = [team for team in teams if team.name == TEAM and team.user_id == owner.user_id]
    team = named[0] if named else await services.teams.create(TEAM, by=owner)
    owner = await _actor(services, OWNER)
    members = {member.user_id for member in (await services.members.list(team, ALL, by=owner)).items}
    for name, (role, first_name, last_name) in MEMBERS.items():
        member = await _actor(services, name)
        if member.user_id not in members:
            _, token = await services.invitations.invite(team.id, f"{name}@acme.example", role, by=owner)
            await services.invitations.accept(token or "", by=member)
        if (await services.users.get(member.user_id, by=member)).edited_at is None:
            await services.users.update(ProfileChange(first_name=first_name, last_name=last_name), by=member)
    return team


@frozen
class _Stage:
    """The team, and who acts in it."""

    services: Services
    team: Team
    people: Mapping[str, Actor]

    @property
    def owner(self) -> Actor:
        return self.people[OWNER]

    async def project(self, plan: Plan) -> Project:
        page = await self.services.projects.list(ALL, team_id=self.team.id, status=None, by=self.owner)
        named = [project for project in page.items if project.name == plan.name]
        if named:
            return named[0]
        new = NewProject(plan.name, plan.description, team_id=self.team.id)
        return await self.services.projects.create(new, by=self.people[plan.who])

    async def generate(self, plan: Plan, project: Project) -> None:
        """Ask for the generations that the project has not had yet, one after the other."""
        generations, by = self.services.generations, self.people[plan.who]
        done = len((await generations.of_project(project, ALL)).items)
        for kind, prompt in plan.generations[done:]:
            generation = await generations.create(NewGeneration(project.id, kind, prompt), by=by)
            async with generations.follow(generation.id, after=None, by=by) as events:
                async for _ in events:
                    pass

    async def deploy(self, plan: Plan, project: Project) -> None:
        """Deploy as the plan says; each deployment takes the place of the one before, and the last is stopped."""
        deployments, by = self.services.deployments, self.people[plan.who]
        page = await deployments.list(ALL, project_id=project.id, status=None, by=by)
        code = [
            generation
            for generation in (await self.services.generations.of_project(project, ALL)).items
            if generation.kind is CODE
        ]
        last: DeploymentId | None = None
        for variables in plan.deployments[len(page.items) :]:
            config = DeploymentConfig(environment_variables=dict(variables))
            new = NewDeployment(project.id, code[0].id, DeploymentPlatform.LOCAL, config)
            deployment = await self.services.deployer.create(new, by=by)
            last = deployment.id if await self._serves(deployment.id, by=by) else None
        if last is not None:
            await deployments.cancel(last, by=by)

    async def _serves(self, deployment_id: DeploymentId, *, by: Actor) -> bool:
        """Wait until a deployment has logged all requests that it rehearses, or has ended without."""
        async with self.services.deployments.follow(deployment_id, after=None, shown=LogFilter(), by=by) as events:
            async for following in events:
                event = following.event if isinstance(following, StreamEvent) else None
                if isinstance(event, LogLines) and any(one.line.message == REQUESTS[-1] for one in event.lines):
                    return True
        return False

    async def by_hand(self, projects: Mapping[str, Project]) -> None:
        """What people do without a model: a version of a schema, a page, a week of their backend's life."""
        await self._schema(projects["Course platform"])
        await self._page(projects["Online shop"])
        await self._week(projects["Online shop"])

    async def _schema(self, project: Project) -> None:
        by = self.people["carol"]
        current = await self.services.schemas.current(await self.services.projects.get(project.id, by=by))
        if current is not None and current.version == 1:
            model = SchemaModel(tables=(*current.model.tables, AUDIT_LOG), relationships=current.model.relationships)
            await self.services.schemas.save(project.id, model, expected_version=1, by=by)

    async def _page(self, project: Project) -> None:
        documentation = self.services.documentation
        if not (await documentation.list(project, ALL, PageFilter(title="On call"))).items:
            await documentation.create(NewPage(project.id, "On call", ON_CALL, "operations"), by=self.people["bob"])

    async def _week(self, project: Project) -> None:
        """Record the week before the project was made, as an API key would. Each event counts once."""
        analytics, until = self.services.analytics, project.created_at
        time = TimeRange(until - timedelta(days=8), until)
        recorded = (await analytics.overview(self.team.id, project.id, time, by=self.owner)).tally.events
        events = week(project.id, now=until)
        if recorded >= len(events):
            return
        key = Actor(self.owner.user_id, {self.team.id: Role.OWNER}, self.team.id, scopes=frozenset({Scope.ANALYTICS}))
        for first in range(0, len(events), BATCH):
            await analytics.record(events[first : first + BATCH], by=key)

    async def settings(self) -> None:
        """What the owner has chosen, and a webhook that is disabled: there is nobody at its URL."""
        settings, webhooks, by = self.services.settings, self.services.webhooks, self.owner
        if (await settings.of_user(by=by)).version == 0:
            await settings.update_user(SettingsChange({"theme": Theme.DARK, "timezone": "Europe/Berlin"}), by=by)
        if (await settings.of_team(self.team.id, by=by)).version == 0:
            change = SettingsChange({"default_platform": DeploymentPlatform.LOCAL})
            await settings.update_team(self.team.id, change, by=by)
        if not (await webhooks.list(ALL, team_id=self.team.id, by=by)).items:
            new = NewWebhook("https://hooks.acme.example/snapinfra", tuple(NotificationEvent), "Chat", self.team.id)
            webhook, _ = await webhooks.create(new, by=by)
            await webhooks.update(webhook.id, WebhookChange(enabled=False), by=by)
