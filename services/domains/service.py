"""Domains: a name of the user's own is added at a platform, and looked at there, while they wait."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock, iso
from services.core.credentials import secrets_of
from services.core.errors import Conflict, Invalid, Limited, NotFound, Problem, Unavailable
from services.core.frozen import frozen
from services.core.ids import DeploymentId, DomainId, derived_id
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.deployments.model import INTEGRATION_OF, Deployment
from services.deployments.service import Deployments
from services.domains.model import Domain
from services.domains.names import hostname
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import Idempotency, Try
from services.integrations.service import Integrations
from services.platforms.domains import DomainStatus, TakesDomains
from services.platforms.port import DeployFailed, DeploymentPlatform, Placement, Platform, Progress
from services.projects.model import Project
from services.projects.service import Projects

MOST: Final = 20
"""Domains of a project."""
SECONDS: Final = 25
"""That somebody waits for a platform."""
TRIES: Final = 5
RETRY_AFTER: Final = 3
"""Seconds to wait where a platform asks to wait and does not say for how long."""

T = TypeVar("T")
Ask = Callable[[Placement, str], Awaitable[T]]

_OF_THE_NAME: Final = frozenset({"NAME_TAKEN", "REFUSED"})
"""Reasons of failures that another name may not meet."""


@frozen
class NewDomain:
    deployment_id: DeploymentId
    name: str
    client_mutation_id: str | None = None


@frozen(kw_only=True)
class Domains:
    table: Table[Domain]
    projects: Projects
    deployments: Deployments
    integrations: Integrations
    platforms: Mapping[DeploymentPlatform, Platform]
    idempotency: Idempotency
    now: Clock

    async def add(self, new: NewDomain, *, by: Actor) -> Domain:
        """Let a name lead to where a live deployment runs, and return what is to be done for it.

        A try that was cut short may have added it: the next one finds it. Raises Conflict where the deployment is not
        live or the project has the name elsewhere, Invalid with the platform's reason, Limited, and Unavailable where
        it takes too long.
        """
        async with self.idempotency.trying("addDomain", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(DomainId(attempt.done), by=by)
            return await self._add(new, attempt, by=by)

    async def _add(self, new: NewDomain, attempt: Try, *, by: Actor) -> Domain:
        deployment = await self.deployments.get(new.deployment_id, by=by, action=Action.EDIT)
        project = await self.projects.get(deployment.project_id, by=by, action=Action.EDIT)
        name = hostname(new.name)
        host = self._host(deployment.platform)
        if not deployment.answers or deployment.site is None or deployment.stop is not None:
            words = f"Only a deployment that is live can have domains; this one is {deployment.status.value}."
            raise Conflict(words)
        wanted = self._record(deployment, deployment.site, name, by=by)
        await self._require_room(project, wanted)
        await attempt.claim(wanted.id)
        domain = await self._stored(wanted)
        try:
            status = await self._asked(host.add_domain, domain, deployment.progress, field="deploymentId")
        except Problem:
            if domain is wanted:
                await self.table.delete(domain)
            raise
        domain = await self._told(domain, status)
        await self.projects.journal.created(domain, name, place=project, by=by.user_id, nth=iso(domain.created_at))
        return domain

    async def check(self, domain_id: DomainId, *, by: Actor) -> Domain:
        """Ask the platform to look at a domain again, and keep what it says. Raises as `add` does."""
        domain = await self.get(domain_id, by=by, action=Action.EDIT)
        progress = await self._progress(domain)
        look = self._host(domain.platform).look_at_domain
        return await self._told(domain, await self._asked(look, domain, progress, field="domainId"))

    async def remove(self, domain_id: DomainId, *, by: Actor) -> Domain:
        """Take a domain away, here and at the platform, where it may be gone already. Raises as `add` does."""
        domain = await self.get(domain_id, by=by, action=Action.EDIT)
        project = await self.projects.get(domain.project_id, by=by)
        remove, progress = self._host(domain.platform).remove_domain, await self._progress(domain)
        await self._asked(remove, domain, progress, field="domainId")
        await self.table.remove(domain)
        nth = iso(domain.created_at)
        await self.projects.journal.deleted(domain, domain.name, place=project, by=by.user_id, nth=nth)
        return domain

    async def get(self, domain_id: DomainId, *, by: Actor, action: Action = Action.VIEW) -> Domain:
        """Return a domain of a project on which the actor may do `action`."""
        domain = await self.table.find(domain_id)
        if domain is None:
            raise NotFound("domain", domain_id)
        try:
            await self.projects.get(domain.project_id, by=by, action=action)
        except NotFound:
            raise NotFound("domain", domain_id) from None
        return domain

    async def of_project(self, project: Project, page: PageRequest) -> Page[Domain]:
        """Return those of a project that the caller was given, newest first."""
        return await self.table.query("ProjectIdIndex", project.id, page)

    def _host(self, platform: DeploymentPlatform) -> TakesDomains:
        host = self.platforms.get(platform)
        if isinstance(host, TakesDomains):
            return host
        reason = host.offers.no_domains if host else None
        raise Invalid.one(reason or f"{platform.value} is not available on this server.", "deploymentId")

    def _record(self, deployment: Deployment, site: str, name: str, *, by: Actor) -> Domain:
        now = self.now()
        return Domain(
            id=DomainId(derived_id("domain", deployment.project_id, name)),
            project_id=deployment.project_id,
            user_id=by.user_id,
            team_id=deployment.team_id,
            deployment_id=deployment.id,
            environment_id=deployment.environment_id,
            platform=deployment.platform,
            site=site,
            name=name,
            created_at=now,
            updated_at=now,
        )

    async def _require_room(self, project: Project, wanted: Domain) -> None:
        others = [other async for other in self.table.every("ProjectIdIndex", project.id) if other.id != wanted.id]
        if len(others) >= MOST:
            raise Conflict(f"A project can have at most {MOST} domains.")

    async def _stored(self, wanted: Domain) -> Domain:
        """Store a domain before its platform has it, and return it; else that which the project has at this site."""
        try:
            await self.table.put_new(wanted)
        except AlreadyExists:
            present = await self.table.find(wanted.id)
            if present is None:
                raise Conflict("The domain is being removed; try again.") from None
            if (present.platform, present.site) != (wanted.platform, wanted.site):
                where = f"{present.platform.value} ({present.site})"
                raise Conflict(
                    f"The project has {wanted.name} at {where}: remove it there first.", current=present
                ) from None
            return present
        return wanted

    async def _told(self, domain: Domain, status: DomainStatus) -> Domain:
        told = await self.table.update(
            domain.id,
            lambda stored: replace(
                stored,
                state=status.state,
                certificate=status.certificate,
                records=status.records,
                message=status.message,
                checked_at=self.now(),
            ),
        )
        if told is None:
            raise Conflict("The domain was removed meanwhile.")
        return told

    async def _progress(self, domain: Domain) -> Progress:
        """Return how the deployment that the domain was added for came to its site: names of things there."""
        deployment = await self.deployments.find(domain.deployment_id)
        return deployment.progress if deployment else Progress()

    async def _asked(self, ask: Ask[T], domain: Domain, progress: Progress, *, field: str) -> T:
        """Ask a platform. `field` is what to correct where it is not the name."""
        kind = INTEGRATION_OF[domain.platform]
        opened = await self.integrations.credentials(domain.team_id, kind, project_id=domain.project_id)
        credentials = opened.credentials if opened else None
        placement = Placement(
            deployment_id=domain.deployment_id,
            site=domain.site,
            credentials=credentials,
            progress=progress,
            secrets=list(secrets_of(credentials)) if credentials else [],
        )
        try:
            async with asyncio.timeout(SECONDS):
                return await ask(placement, domain.name)
        except TimeoutError:
            where = domain.platform.value
            raise Unavailable(f"{where} takes long; try again: what it has done by then is not done twice.") from None
        except DeployFailed as failure:
            raise _problem(failure, field) from None


def _problem(failure: DeployFailed, field: str) -> Problem:
    """Word a failure for whom can do something about it."""
    if failure.reason == "RATE_LIMITED":
        return Limited(failure.message, retry_after=failure.again_after or RETRY_AFTER)
    if failure.again_after is not None:
        return Unavailable(failure.message)
    return Invalid.one(failure.message, "name" if failure.reason in _OF_THE_NAME and field != "domainId" else field)
