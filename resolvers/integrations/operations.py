"""Keeping, testing and replacing the credentials of other services."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.integrations.credentials import CredentialsInput
from resolvers.integrations.objects import Integration
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.paging import After, Connection, First, connection
from services.core.ids import IntegrationId, ProjectId, TeamId
from services.core.pages import PageRequest
from services.integrations import service
from services.integrations.model import IntegrationType


@strawberry.input
class IntegrationFilter:
    """Which integrations to list; a null field leaves all."""

    team_id: strawberry.ID | None = None
    """Of this team; null means your personal team."""
    type: IntegrationType | None = None
    """With this service."""


@strawberry.input
class CreateIntegrationInput:
    """Credentials to keep."""

    type: IntegrationType
    """Which service."""
    credentials: CredentialsInput
    """What it accepts. Stored encrypted, never returned."""
    name: str = ""
    """One line of at most 100 characters; empty for the name of the service."""
    base_url: str | None = None
    """OPENAI: where a compatible server is, https with a public address."""
    team_id: strawberry.ID | None = None
    """The team that may use them; null means the project's, or your personal team."""
    project_id: strawberry.ID | None = None
    """The only project that may use them; null for all of the team."""
    client_mutation_id: ClientMutationId = retry_returns("integration")


@strawberry.input
class UpdateIntegrationInput:
    """Changes to an integration; a null field stays as it is."""

    integration_id: strawberry.ID
    """The integration."""
    name: str | None = None
    """One line of 1 to 100 characters."""
    enabled: bool | None = None
    """Whether it is used."""
    expected_version: int | None = None
    """Change nothing unless it still has this version: a CONFLICT then carries the integration as it is."""


@strawberry.input
class ReplaceIntegrationCredentialsInput:
    """New credentials of an integration."""

    integration_id: strawberry.ID
    """The integration."""
    credentials: CredentialsInput
    """What the service accepts from now on."""
    base_url: str | None = None
    """OPENAI: where these are sent; null for OpenAI itself. It changes with the credentials alone, so that nobody sends
    yours elsewhere."""


@strawberry.input
class OfIntegration:
    """An integration; the base of the inputs that name nothing else."""

    integration_id: strawberry.ID
    """The integration."""


@strawberry.input
class RotateIntegrationKeyInput(OfIntegration):
    """An integration whose credentials are to be encrypted again."""


@strawberry.input
class TestIntegrationInput(OfIntegration):
    """An integration to test."""


@strawberry.input
class DeleteIntegrationInput(OfIntegration):
    """An integration to delete."""


@strawberry.type
class WithIntegration(Payload):
    """An integration, or what was wrong; the base of payloads."""

    integration: Integration | None = None
    """The integration as it is now, also after a CONFLICT; null after other user errors."""


@strawberry.type
class CreateIntegrationPayload(WithIntegration):
    """The new integration, or what was wrong."""


@strawberry.type
class UpdateIntegrationPayload(WithIntegration):
    """The changed integration, or what was wrong."""


@strawberry.type
class ReplaceIntegrationCredentialsPayload(WithIntegration):
    """The integration with its new credentials, or what was wrong."""


@strawberry.type
class RotateIntegrationKeyPayload(WithIntegration):
    """The integration, encrypted again, or what was wrong."""


@strawberry.type
class TestIntegrationPayload(WithIntegration):
    """The integration with the test's result, or what was wrong."""


@strawberry.type
class DeleteIntegrationPayload(Payload):
    """The integration that is gone, or what was wrong."""

    deleted_integration_id: strawberry.ID | None = None
    """The integration's id; null where there are user errors."""


@strawberry.type
class IntegrationsQuery:
    @strawberry.field
    async def integration(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The integration.")]
    ) -> Integration | None:
        """Return one integration."""
        integration = await info.context.services.integrations.get(IntegrationId(id), by=info.context.actor)
        return Integration.of(integration)

    @strawberry.field
    async def integrations(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            IntegrationFilter | None, strawberry.argument(description="Which ones; null for all.")
        ] = None,
    ) -> Connection[Integration]:
        """List a team's integrations, newest first."""
        asked = filter or IntegrationFilter()
        page = await info.context.services.integrations.list(
            PageRequest(first, after),
            team_id=None if asked.team_id is None else TeamId(asked.team_id),
            type=asked.type,
            by=info.context.actor,
        )
        return connection(page, Integration.of, after=after)


@strawberry.type
class IntegrationsMutation:
    @mutation("What to keep.")
    async def create_integration(self, info: Info, input: CreateIntegrationInput) -> CreateIntegrationPayload:
        """Keep credentials of another service for a team that you administer. At most 50 for a team."""
        new = service.NewIntegration(
            type=input.type,
            credentials=input.credentials.to_credentials(),
            name=input.name,
            base_url=input.base_url,
            team_id=None if input.team_id is None else TeamId(input.team_id),
            project_id=None if input.project_id is None else ProjectId(input.project_id),
            client_mutation_id=input.client_mutation_id,
        )
        integration = await info.context.services.integrations.create(new, by=info.context.actor)
        return CreateIntegrationPayload.of(integration)

    @mutation("What to change.")
    async def update_integration(self, info: Info, input: UpdateIntegrationInput) -> UpdateIntegrationPayload:
        """Rename an integration, or enable or disable it."""
        change = service.IntegrationChange(input.name, input.enabled, input.expected_version)
        changed = await info.context.services.integrations.update(
            IntegrationId(input.integration_id), change, by=info.context.actor
        )
        return UpdateIntegrationPayload.of(changed)

    @mutation("What to put in place.")
    async def replace_integration_credentials(
        self, info: Info, input: ReplaceIntegrationCredentialsInput
    ) -> ReplaceIntegrationCredentialsPayload:
        """Replace the credentials of an integration, such as when the service has rotated them."""
        changed = await info.context.services.integrations.replace_credentials(
            IntegrationId(input.integration_id),
            input.credentials.to_credentials(),
            base_url=input.base_url,
            by=info.context.actor,
        )
        return ReplaceIntegrationCredentialsPayload.of(changed)

    @mutation("Whose key.")
    async def rotate_integration_key(self, info: Info, input: RotateIntegrationKeyInput) -> RotateIntegrationKeyPayload:
        """Encrypt the credentials of an integration again, under a fresh data key. They stay the same."""
        changed = await info.context.services.integrations.rotate_key(
            IntegrationId(input.integration_id), by=info.context.actor
        )
        return RotateIntegrationKeyPayload.of(changed)

    @mutation("Which one.")
    async def test_integration(self, info: Info, input: TestIntegrationInput) -> TestIntegrationPayload:
        """Ask the service whether it accepts the credentials; the integration shows the result."""
        tested = await info.context.services.integrations.test(
            IntegrationId(input.integration_id), by=info.context.actor
        )
        return TestIntegrationPayload.of(tested)

    @mutation("What to delete.")
    async def delete_integration(self, info: Info, input: DeleteIntegrationInput) -> DeleteIntegrationPayload:
        """Delete an integration with its credentials. A CONFLICT while a deployment is under way that may need it. What
        runs with it runs on, but can't be stopped, restarted or scaled from here before there is another.
        """
        deleted = await info.context.services.deletion.delete_integration(
            IntegrationId(input.integration_id), by=info.context.actor
        )
        return DeleteIntegrationPayload.of(deleted)
