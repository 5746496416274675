"""Deploying code: for the first time, again, or as it was before."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import field, replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import DeploymentId, EnvironmentId, GenerationId, ProjectId, TeamId
from services.core.policy import Action, of_team
from services.core.telemetry import traceparent
from services.deployments.checks import (
    check_deployable,
    check_promotion,
    check_rollback,
    config_faults,
    consumer_faults,
)
from services.deployments.model import Deployment, DeploymentConfig, DeploymentStatus, integrations_of
from services.deployments.secrets import Secrets
from services.deployments.service import TRIES, Deployments
from services.environments.model import Environment
from services.environments.rules import variable_faults
from services.environments.service import Environments
from services.foundation.aws.transactions import write_together
from services.foundation.jobs.record import OPEN
from services.foundation.limits.idempotency import Idempotency, Try
from services.generations.model import Generation
from services.generations.service import Generations
from services.integrations.model import IntegrationType
from services.integrations.service import Integrations
from services.platforms.backend import TEMPLATE
from services.platforms.offers import Hosting
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from services.projects.service import Projects
from services.settings import Settings


@frozen
class NewDeployment:
    project_id: ProjectId
    generation_id: GenerationId
    platform: DeploymentPlatform | None
    """None means the team's default."""
    config: DeploymentConfig = field(default_factory=DeploymentConfig)
    environment_id: EnvironmentId | None = None
    """None means the project's own place at the platform, with no variables but the given ones."""
    client_mutation_id: str | None = None


@frozen
class DeploymentTarget:
    """A platform of this server, with the integrations that it needs, and those of them that a team lacks."""

    platform: DeploymentPlatform
    integrations: Sequence[IntegrationType]
    missing: Sequence[IntegrationType]


@frozen
class _Place:
    platform: DeploymentPlatform
    site: str | None = None
    """What the platform calls it: as before, whatever the project is called now."""
    hosting: Hosting = Hosting()
    """How much runs there."""
    last_live: Deployment | None = None
    """The newest deployment there that was live."""


@frozen(kw_only=True)
class Deployer:
    deployments: Deployments
    projects: Projects
    generations: Generations
    environments: Environments
    integrations: Integrations
    settings: Settings
    secrets: Secrets
    idempotency: Idempotency
    platforms: Collection[DeploymentPlatform]
    """Those that may be used here."""
    has_tables_here: bool
    """Whether there is a place for tables without an AWS integration, as in development."""
    now: Clock

    async def create(self, new: NewDeployment, *, by: Actor) -> Deployment:
        """Deploy the code of a generation: store the record and put its job into the queue."""
        async with self.idempotency.trying("createDeployment", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.deployments.get(DeploymentId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(
        self,
        new: NewDeployment,
        attempt: Try,
        *,
        earlier: Deployment | None = None,
        promoted: Deployment | None = None,
        by: Actor,
    ) -> Deployment:
        project = await self.projects.get(new.project_id, by=by, action=Action.EDIT)
        environment = await self._environment(new, project, by=by)
        generation = await self._generation(new.generation_id, project, by=by)
        check_deployable(generation, project)
        platform = await self._platform(new, environment, project)
        await self._check(new, platform, generation, project, environment=environment, is_new=earlier is None)
        place = await self._place(project, platform, new.environment_id)
        config = new.config
        if earlier is None:
            config = await self._completed(
                config, place, environment=environment, generation=generation, project=project
            )
        now = self.now()
        deployment_id = DeploymentId(await attempt.take_id("deployment"))
        revision = earlier.revision if earlier else environment.revision if environment else 0
        deployment = Deployment(
            id=deployment_id,
            project_id=project.id,
            user_id=by.user_id,
            team_id=project.team_id,
            project_owner_id=project.user_id,
            open=OPEN,
            generation_id=new.generation_id,
            platform=platform,
            environment=environment.name if environment else _usual_name(platform),
            environment_id=environment.id if environment else None,
            revision=revision,
            health_path=environment.health_path if environment else "/health",
            site=place.site,
            hosting=environment.hosting if environment else place.hosting,
            rollback_to=earlier.id if earlier else None,
            promoted_from=promoted.id if promoted else None,
            own_variables=earlier.own_variables if earlier else tuple(new.config.environment_variables),
            config=await self.deployments.variables.stored(config, deployment_id=deployment_id, project_id=project.id),
            traceparent=traceparent(),
            created_at=now,
            updated_at=now,
        )
        deployment = await self._stored(deployment, project, environment, by=by)
        await self.projects.journal.created(deployment, deployment.platform.value, place=project, by=by.user_id)
        if deployment.status is DeploymentStatus.PENDING:  # last: what its events tell of can be read by then
            await self.deployments.queue.send(deployment.id, group=project.team_id)
        return deployment

    async def _environment(self, new: NewDeployment, project: Project, *, by: Actor) -> Environment | None:
        if new.environment_id is None:
            return None
        environment = await self.environments.get(new.environment_id, by=by)
        if environment.project_id != project.id:
            raise Invalid.one("environmentId is an environment of another project.", "environmentId")
        return environment

    async def _platform(
        self, new: NewDeployment, environment: Environment | None, project: Project
    ) -> DeploymentPlatform:
        if environment is None:
            return new.platform or await self.settings.default_platform(project.team_id)
        if new.platform not in (None, environment.platform):
            raise Invalid.one(f"The environment is at {environment.platform.value}.", "platform")
        return environment.platform

    async def _completed(
        self,
        config: DeploymentConfig,
        place: "_Place",
        *,
        environment: Environment | None,
        generation: Generation,
        project: Project,
    ) -> DeploymentConfig:
        """Return what was chosen, with the environment's variables where the deployment has none of that name, and with
        the secrets that its backend still lacks.
        """
        variables = dict(await self.environments.values(environment)) if environment else dict[str, str]()
        variables |= config.environment_variables
        is_public = place.platform is not DeploymentPlatform.LOCAL  # which has its own secrets
        if place.site is not None and is_public:
            variables = await self.secrets.completed(
                variables, generation, project=project, site=place.site, last_live=place.last_live
            )
        if faults := variable_faults(variables, where=("config", "environmentVariables"), is_public=is_public):
            raise Invalid(faults)
        return DeploymentConfig(variables, config.build_command, config.start_command)

    async def _generation(self, generation_id: GenerationId, project: Project, *, by: Actor) -> Generation:
        """Return a generation of a project that the actor was given, or of another that they see."""
        generation = await self.generations.find(generation_id)
        if generation is None or generation.project_id != project.id:
            return await self.generations.get(generation_id, by=by)
        return generation

    async def redeploy(
        self, deployment_id: DeploymentId, *, client_mutation_id: str | None = None, by: Actor
    ) -> Deployment:
        """Deploy the same code with the same configuration again; once live it replaces what runs.

        Raises Conflict, with the deployment, where its code was deleted.
        """
        async with self.idempotency.trying("redeploy", deployment_id, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.deployments.get(DeploymentId(attempt.done), by=by)
            old = await self.deployments.get(deployment_id, by=by, action=Action.EDIT)
            if await self.generations.find(old.generation_id) is None:
                raise Conflict("The code of this deployment was deleted; deploy another generation.", current=old)
            config = await self.deployments.chosen(old)
            if old.environment_id is not None:  # whose variables are taken as they are now
                own = {name: config.environment_variables[name] for name in old.own_variables}
                config = DeploymentConfig(own, config.build_command, config.start_command)
            again = NewDeployment(old.project_id, old.generation_id, old.platform, config, old.environment_id)
            return await self._create(again, attempt, by=by)

    async def roll_back(
        self,
        deployment_id: DeploymentId,
        to: DeploymentId,
        *,
        client_mutation_id: str | None = None,
        by: Actor,
    ) -> Deployment:
        """Deploy what an earlier deployment of the same site was: its code with its variables, and its tables.

        A platform that keeps what it built takes that; otherwise it is built from the kept archive. Raises Conflict,
        with the deployment, where it can't be what it was; and Invalid where the two are not of one site.
        """
        key = f"{deployment_id} {to}"
        async with self.idempotency.trying("rollbackDeployment", key, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.deployments.get(DeploymentId(attempt.done), by=by)
            current = await self.deployments.get(deployment_id, by=by, action=Action.EDIT)
            earlier = await self.deployments.get(to, by=by)
            check_rollback(current, earlier)
            if await self.generations.find(earlier.generation_id) is None:
                raise Conflict("The code of that deployment was deleted.", current=current)
            config = await self.deployments.chosen(earlier)
            again = NewDeployment(
                earlier.project_id, earlier.generation_id, earlier.platform, config, earlier.environment_id
            )
            return await self._create(again, attempt, earlier=earlier, by=by)

    async def promote(
        self,
        deployment_id: DeploymentId,
        to: EnvironmentId,
        *,
        client_mutation_id: str | None = None,
        by: Actor,
    ) -> Deployment:
        """Deploy to an environment what runs, or ran, elsewhere in the project: with the environment's variables.

        A platform that can takes what it has built; otherwise it is built again from the kept archive. Raises Conflict,
        with the deployment, where it was never live, or its code was deleted; and Invalid for an environment of another
        project or platform, or its own.
        """
        key = f"{deployment_id} {to}"
        async with self.idempotency.trying("promoteDeployment", key, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.deployments.get(DeploymentId(attempt.done), by=by)
            source = await self.deployments.get(deployment_id, by=by, action=Action.EDIT)
            environment = await self.environments.get(to, by=by)
            check_promotion(source, environment)
            if await self.generations.find(source.generation_id) is None:
                raise Conflict("The code of this deployment was deleted; deploy another generation.", current=source)
            config = DeploymentConfig({}, source.config.build_command, source.config.start_command)
            new = NewDeployment(source.project_id, source.generation_id, source.platform, config, environment.id)
            return await self._create(new, attempt, promoted=source, by=by)

    async def _place(
        self, project: Project, platform: DeploymentPlatform, environment_id: EnvironmentId | None
    ) -> "_Place":
        """Return where a project is deployed at a platform.

        A project that moves to another team has another place there, whose account may be another.
        """
        if platform is DeploymentPlatform.LOCAL and environment_id is None:
            return _Place(platform)
        where = {"platform": platform.value, "teamId": project.team_id}
        others = self.deployments.table.every("ProjectIdIndex", project.id, where=where, newest_first=True)
        place = None
        async for earlier in others:
            if earlier.site is not None and earlier.environment_id == environment_id:
                place = place or _Place(platform, earlier.site, earlier.hosting)
                if earlier.live_at is not None:
                    return replace(place, last_live=earlier)
        return place or _Place(
            platform, _site_name(project.name, f"{environment_id or project.id} {project.team_id} {platform.value}")
        )

    async def _stored(
        self, deployment: Deployment, project: Project, environment: Environment | None, *, by: Actor
    ) -> Deployment:
        """Store a new deployment together with its turn in the project, or return the one that is stored.

        Where the project has changed since the caller read it, it is read again. Raises NotFound where the project or
        the environment is gone, and Conflict where the project is another team's.
        """
        latest: Project | None = project
        creation = self.deployments.table.creation(deployment)
        there = [self.environments.presence(environment)] if environment else []
        for _ in range(TRIES):
            if await self.deployments.table.find(deployment.id) is not None:
                return await self.deployments.get(deployment.id, by=by)
            if latest is None:
                raise NotFound("project", project.id)
            failed = await write_together([creation, self.projects.waiting(latest, deployment.id), *there])
            if not failed:
                return deployment
            if environment is not None and not failed.isdisjoint(there):
                raise NotFound("environment", environment.id)
            latest = await self.projects.find(project.id)
            if latest is not None and latest.team_id != project.team_id:
                raise Conflict("The project was moved to another team meanwhile.")
        raise Conflict("The project keeps changing; try again.")

    async def targets(self, team_id: TeamId | None, *, by: Actor) -> Sequence[DeploymentTarget]:
        """Return the platforms of this server, and what a team lacks for each; None means the actor's personal one."""
        team = of_team(Action.VIEW, team_id, by=by)
        there = [platform for platform in DeploymentPlatform if platform in self.platforms]
        kinds = dict.fromkeys(kind for platform in there for kind in integrations_of(platform))
        missing = {kind for kind in kinds if not await self.integrations.has(team, kind)}
        return [
            DeploymentTarget(platform, needed, [kind for kind in needed if kind in missing])
            for platform, needed in ((platform, integrations_of(platform)) for platform in there)
        ]

    async def _check(
        self,
        new: NewDeployment,
        platform: DeploymentPlatform,
        generation: Generation,
        project: Project,
        *,
        environment: Environment | None,
        is_new: bool,
    ) -> None:
        faults = config_faults(new.config) if is_new else []  # what ran may run again, whatever the rules are now
        if platform not in self.platforms:
            faults.append(Fault(f"{platform.value} is not available on this server.", ("platform",)))
        variables = await self.environments.values(environment) if environment else dict[str, str]()
        faults += consumer_faults(generation, platform, {**variables, **new.config.environment_variables})
        needed = {kind: platform.value for kind in integrations_of(platform) if platform in self.platforms}
        if self._needs_account(platform, generation):
            needed.setdefault(IntegrationType.AWS, "The backend has tables, for which it")
        for kind, who in needed.items():
            if not await self.integrations.has(project.team_id, kind, project_id=project.id):
                message = f"{who} needs an enabled {kind.value} integration of the team or the project."
                faults.append(Fault(message, ("platform",)))
        if faults:
            raise Invalid(faults)

    def _needs_account(self, platform: DeploymentPlatform, generation: Generation) -> bool:
        has_place = self.has_tables_here or platform is DeploymentPlatform.LOCAL
        return not has_place and any(file.path == TEMPLATE for file in generation.files)


def _site_name(project_name: str, of: str) -> str:
    """Return a name that Heroku takes for an app, which every other platform takes too: `bike-rental-3f9a0c2e`.

    At most 30 lower-case letters, digits and hyphens; the first is a letter. `of` is the id of what has the site.
    """
    words = "-".join(re.findall(r"[a-z0-9]+", project_name.lower()))[:20].strip("-")
    if not words[:1].isalpha():
        words = f"app-{words}"[:20].strip("-")
    return f"{words}-{hashlib.sha256(of.encode()).hexdigest()[:8]}"


def _usual_name(platform: DeploymentPlatform) -> str:
    return "development" if platform is DeploymentPlatform.LOCAL else "production"
