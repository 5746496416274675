"""Integrations: credentials of other services, entered by a team's administrators, never shown again."""

from dataclasses import field
from typing import Any, Final

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.credentials import AwsRole, Credentials, StoredCredentials, Token
from services.core.errors import Conflict, Fault, Invalid, NotFound, Unavailable
from services.core.frozen import frozen
from services.core.ids import IntegrationId, ProjectId, TeamId
from services.core.pages import Page, PageRequest
from services.core.policy import Action, allows, of_team, require
from services.core.text import bounded
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.roles import RoleRefused, Roles
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import Idempotency, Try
from services.foundation.vault.envelope import Envelopes, Sealed
from services.foundation.vault.port import CanNotOpen
from services.integrations.credentials import (
    credential_faults,
    hint_of,
    read,
    written,
)
from services.integrations.model import CredentialTest, Integration, IntegrationTestState, IntegrationType
from services.integrations.testing import CredentialTester
from services.journal.journal import InTeam, Journal
from services.projects.model import Project
from services.projects.service import Projects

NAME_LENGTH: Final = 100
WITH_WORKSPACES: Final = frozenset({IntegrationType.RAILWAY, IntegrationType.RENDER})
"""Those where a token may be used in one of several workspaces."""
MOST: Final = 50
"""Integrations of a team."""


@frozen
class NewIntegration:
    type: IntegrationType
    credentials: StoredCredentials
    name: str = ""
    """Empty for the name of the service."""
    base_url: str | None = None
    team_id: TeamId | None = None
    """None means the project's team, or the actor's personal one."""
    project_id: ProjectId | None = None
    client_mutation_id: str | None = None


@frozen
class IntegrationChange:
    """None leaves a field as it is."""

    name: str | None = None
    enabled: bool | None = None
    expected_version: int | None = None


@frozen
class Opened:
    """An integration with its credentials, for the call that needs them."""

    integration: Integration
    credentials: Credentials = field(repr=False)


@frozen(kw_only=True)
class Integrations:
    table: Table[Integration]
    projects: Projects
    envelopes: Envelopes
    tester: CredentialTester
    roles: Roles
    idempotency: Idempotency
    now: Clock

    async def create(self, new: NewIntegration, *, by: Actor) -> Integration:
        """Keep credentials for a team, or for one project of it."""
        async with self.idempotency.trying("createIntegration", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(IntegrationId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewIntegration, attempt: Try, *, by: Actor) -> Integration:
        self._check(new.type, new.credentials, new.base_url, name=new.name)
        team_id = await self._owner(new, by=by)
        integration_id, now = IntegrationId(await attempt.take_id("integration")), self.now()
        others = [other async for other in self.table.every("TeamIdIndex", team_id) if other.id != integration_id]
        if len(others) >= MOST:
            raise Conflict(f"A team can have at most {MOST} integrations.")
        integration = Integration(
            id=integration_id,
            user_id=by.user_id,
            team_id=team_id,
            project_id=new.project_id,
            type=new.type,
            name=new.name.strip() or new.type.value,
            sealed=await self._seal(new.credentials, integration_id, team_id),
            hint=hint_of(new.credentials),
            base_url=new.base_url,
            credentials_at=now,
            created_at=now,
            updated_at=now,
        )
        try:
            await self.table.put_new(integration)
        except AlreadyExists:
            integration = await self.get(integration_id, by=by)
        await self._journal.created(integration, integration.name, place=_place(integration), by=by.user_id)
        return integration

    async def get(self, integration_id: IntegrationId, *, by: Actor, action: Action = Action.VIEW) -> Integration:
        """Return an integration on which the actor may do `action`."""
        integration = await self.table.find(integration_id)
        return require(by, action, integration, missing=NotFound("integration", integration_id))

    async def list(
        self, page: PageRequest, *, team_id: TeamId | None, type: IntegrationType | None, by: Actor
    ) -> Page[Integration]:
        """Return a team's integrations, newest first; None means the actor's personal team."""
        team = by.personal_team_id if team_id is None else team_id
        if not allows(by, Action.VIEW, team):
            raise NotFound("team", team)
        return await self.table.query("TeamIdIndex", team, page, where={"type": type.value} if type else None)

    async def update(self, integration_id: IntegrationId, change: IntegrationChange, *, by: Actor) -> Integration:
        """Rename an integration, or enable or disable it."""
        if change.name is not None and (faults := bounded(change.name, field=["name"], most=NAME_LENGTH)):
            raise Invalid(faults)

        def changed(old: Integration) -> Integration:
            if change.expected_version not in (None, old.version):
                raise Conflict("The integration has changed meanwhile.", current=old)
            name = old.name if change.name is None else change.name.strip()
            enabled = old.enabled if change.enabled is None else int(change.enabled)
            return replace(old, name=name, enabled=enabled)

        await self.get(integration_id, by=by, action=Action.MANAGE_INTEGRATIONS)
        return await self._noted(self._existing(await self.table.update(integration_id, changed), integration_id), by)

    async def replace_credentials(
        self, integration_id: IntegrationId, credentials: StoredCredentials, *, base_url: str | None, by: Actor
    ) -> Integration:
        """Replace the credentials, and with them where they are sent: never one of the two alone."""
        old = await self.get(integration_id, by=by, action=Action.MANAGE_INTEGRATIONS)
        self._check(old.type, credentials, base_url)
        new = await self._store(
            old,
            sealed=await self._seal(credentials, old.id, old.team_id),
            hint=hint_of(credentials),
            base_url=base_url,
            credentials_at=self.now(),
            tested=None,
        )
        return await self._noted(new, by)

    async def rotate_key(self, integration_id: IntegrationId, *, by: Actor) -> Integration:
        """Encrypt the credentials anew, under a fresh data key."""
        old = await self.get(integration_id, by=by, action=Action.MANAGE_INTEGRATIONS)
        opened = await self._open(old)
        return await self._noted(await self._store(old, sealed=await self._seal(opened, old.id, old.team_id)), by)

    async def delete(self, integration_id: IntegrationId, *, by: Actor) -> Integration:
        """Delete an integration with its credentials."""
        for _ in range(5):
            integration = await self.get(integration_id, by=by, action=Action.MANAGE_INTEGRATIONS)
            if await self.table.delete(integration):
                await self._journal.deleted(integration, integration.name, place=_place(integration), by=by.user_id)
                return integration
        raise Conflict("The integration keeps changing; try again.")

    async def test(self, integration_id: IntegrationId, *, by: Actor) -> Integration:
        """Ask the service whether it accepts the credentials, and record what it says."""
        integration = await self.get(integration_id, by=by, action=Action.MANAGE_INTEGRATIONS)
        result = await self._tested(integration)

        def changed(old: Integration) -> Integration:
            return replace(old, tested=result) if old.credentials_at == integration.credentials_at else old

        return self._existing(await self.table.update(integration_id, changed), integration_id)

    async def credentials(
        self, team_id: TeamId, type: IntegrationType, *, project_id: ProjectId | None = None
    ) -> Opened | None:
        """Return a team's credentials for a service, for work that was authorized when it was asked for.

        The newest enabled integration of the project counts, else the newest of the whole team. Of a role these are
        keys that act as it for most of an hour. Raises RoleRefused where AWS does not give us such.
        """
        integration = await self._chosen(team_id, type, project_id)
        return None if integration is None else Opened(integration, await self._usable(await self._open(integration)))

    async def opened(self, integration_id: IntegrationId, type: IntegrationType, project: Project) -> Opened | None:
        """Return an integration with its credentials, for work in a project that was authorized; None unless it is
        with that service, enabled, and for the project.
        """
        integration = await self.table.find(integration_id)
        if integration is None or not integration.enabled or integration.type is not type:
            return None
        if integration.team_id != project.team_id or integration.project_id not in (None, project.id):
            return None
        return Opened(integration, await self._usable(await self._open(integration)))

    async def has(self, team_id: TeamId, type: IntegrationType, *, project_id: ProjectId | None = None) -> bool:
        """Say whether there are credentials that `credentials` would return."""
        return await self._chosen(team_id, type, project_id) is not None

    async def _chosen(self, team_id: TeamId, type: IntegrationType, project_id: ProjectId | None) -> Integration | None:
        newest: Integration | None = None
        async for integration in self.table.every(
            "TeamIdIndex", team_id, where={"type": type.value}, newest_first=True
        ):
            if not integration.enabled or integration.project_id not in (None, project_id):
                continue
            if integration.project_id is not None:
                return integration
            newest = newest or integration
        return newest

    @property
    def _journal(self) -> Journal:
        return self.projects.journal

    async def _noted(self, changed: Integration, by: Actor) -> Integration:
        await self._journal.updated(changed, changed.name, place=_place(changed), by=by.user_id)
        return changed

    async def _tested(self, integration: Integration) -> CredentialTest:
        try:
            credentials = await self._usable(await self._open(integration))
        except RoleRefused as refused:
            return CredentialTest(IntegrationTestState.REFUSED, refused.message, self.now())
        except Unavailable as failure:
            return CredentialTest(IntegrationTestState.FAILED, failure.message, self.now())
        return await self.tester.test(
            integration.type, credentials, base_url=integration.base_url, team_id=integration.team_id
        )

    async def _store(self, old: Integration, **changes: Any) -> Integration:
        """Write changes, unless the credentials were replaced since they were read."""

        def changed(integration: Integration) -> Integration:
            if integration.credentials_at != old.credentials_at:
                raise Conflict("The credentials have changed meanwhile.", current=integration)
            return replace(integration, **changes)

        return self._existing(await self.table.update(old.id, changed), old.id)

    async def _usable(self, credentials: StoredCredentials) -> Credentials:
        return await self.roles.keys(credentials) if isinstance(credentials, AwsRole) else credentials

    async def _seal(self, credentials: StoredCredentials, integration_id: IntegrationId, team_id: TeamId) -> Sealed:
        if isinstance(credentials, AwsRole):  # one that was given could be another team's
            credentials = AwsRole(credentials.arn, team_id)
        return await self.envelopes.seal(written(credentials), _context(integration_id, team_id))

    async def _open(self, integration: Integration) -> StoredCredentials:
        try:
            return read(await self.envelopes.open(integration.sealed, _context(integration.id, integration.team_id)))
        except CanNotOpen:
            raise Unavailable("These credentials can not be decrypted any more; enter them again.") from None

    async def _owner(self, new: NewIntegration, *, by: Actor) -> TeamId:
        """Return the team of a new integration, which the actor must administer."""
        if new.project_id is not None:
            project = await self.projects.get(new.project_id, by=by, action=Action.MANAGE_INTEGRATIONS)
            if new.team_id not in (None, project.team_id):
                raise Invalid.one("projectId must be a project of the team.", "projectId")
            return project.team_id
        return of_team(Action.MANAGE_INTEGRATIONS, new.team_id, by=by)

    def _check(
        self, kind: IntegrationType, credentials: StoredCredentials, base_url: str | None, *, name: str = ""
    ) -> None:
        faults = bounded(name, field=["name"], most=NAME_LENGTH, least=0)
        if isinstance(credentials, Token) == (kind is IntegrationType.AWS):
            needed = "aws' or 'awsRole" if kind is IntegrationType.AWS else "token"
            faults.append(Fault(f"{kind.value} takes credentials of the form '{needed}'.", ("credentials",)))
        if isinstance(credentials, Token) and credentials.workspace is not None and kind not in WITH_WORKSPACES:
            where = " and ".join(sorted(each.value for each in WITH_WORKSPACES))
            faults.append(Fault(f"Workspaces are for {where} alone.", ("credentials", "workspaceToken", "workspace")))
        faults += credential_faults(credentials, field=["credentials"])
        if base_url is not None and kind is not IntegrationType.OPENAI:
            faults.append(Fault("baseUrl is for OPENAI alone.", ("baseUrl",)))
        elif base_url is not None:
            faults += self.tester.outbound.faults(base_url, field=["baseUrl"])
        if faults:
            raise Invalid(faults)

    def _existing(self, integration: Integration | None, integration_id: IntegrationId) -> Integration:
        if integration is None:
            raise NotFound("integration", integration_id)
        return integration


def _place(integration: Integration) -> InTeam:
    return InTeam(integration.team_id, integration.project_id)


def _context(integration_id: IntegrationId, team_id: TeamId) -> dict[str, str]:
    return {"teamId": team_id, "integrationId": integration_id}
