"""An integration in the schema. Credentials go in and never come out."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.context import Info
from resolvers.node import Node
from resolvers.projects import Project
from resolvers.scalars import URL
from resolvers.shown import shows
from resolvers.teams import Team
from services.integrations import model
from services.integrations.model import IntegrationTestState, IntegrationType

strawberry.enum(IntegrationType)
strawberry.enum(IntegrationTestState)


@shows(model.Integration, prefix="integration", get=lambda services: services.integrations.get)
@strawberry.type
class Integration(Node):
    """An account of a team at another service. Its credentials are encrypted and can not be read."""

    type: IntegrationType
    """Which service."""
    name: str
    """What the team calls it; 1 to 100 characters."""
    enabled: bool
    """Whether it is used."""
    hint: str
    """The last four characters of the token or access key id, empty where it is too short; of a role, its name."""
    base_url: URL | None
    """OPENAI: where the compatible server is; null for OpenAI itself."""
    credentials_updated_at: datetime
    """When the credentials were entered."""
    encrypted_at: datetime
    """When they were encrypted under their present data key."""
    tested_at: datetime | None
    """When they were last tested; null before the first test."""
    test_state: IntegrationTestState | None
    """The result."""
    test_message: str | None
    """The same as a sentence."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it last changed."""
    integration: strawberry.Private[model.Integration]

    @strawberry.field
    async def team(self, info: Info) -> Team | None:
        """The team it belongs to."""
        return Team.of(await info.context.services.teams.get(self.integration.team_id, by=info.context.actor))

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The only project that it is for; null for all projects of the team."""
        if self.integration.project_id is None:
            return None
        project = await info.context.services.projects.get(self.integration.project_id, by=info.context.actor)
        return Project.of(project)

    @classmethod
    def of(cls, integration: model.Integration) -> Self:
        tested = integration.tested
        return cls(
            id=strawberry.ID(integration.id),
            type=integration.type,
            name=integration.name,
            enabled=bool(integration.enabled),
            hint=integration.hint,
            base_url=None if integration.base_url is None else URL(integration.base_url),
            credentials_updated_at=integration.credentials_at,
            encrypted_at=integration.sealed.sealed_at,
            tested_at=tested.at if tested else None,
            test_state=tested.state if tested else None,
            test_message=tested.message if tested else None,
            version=integration.version,
            created_at=integration.created_at,
            updated_at=integration.updated_at,
            integration=integration,
        )
