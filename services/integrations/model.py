"""The record of an integration: a team's account at another service."""

from datetime import datetime
from enum import Enum
from typing import Final

import msgspec

from services.core.ids import IntegrationId, ProjectId, TeamId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec
from services.foundation.vault.envelope import Sealed


class IntegrationType(Enum):
    """Which service an integration is with, and what its credentials are."""

    GROQ = "GROQ"
    """An API key of Groq. Kept and tested; generations ask with the server's own key."""
    OPENAI = "OPENAI"
    """An API key of OpenAI, or of a server like it. Kept and tested; generations ask with the server's own key."""
    VERCEL = "VERCEL"
    """An access token of Vercel, by which deployments to VERCEL are made."""
    RENDER = "RENDER"
    """An API key of Render, by which deployments to RENDER are made."""
    HEROKU = "HEROKU"
    """An API key of Heroku, by which deployments to HEROKU are made."""
    RAILWAY = "RAILWAY"
    """An account or workspace token of Railway, by which deployments to RAILWAY are made."""
    AWS = "AWS"
    """An access key of AWS, by which deployments to AWS_ECS are made, and the tables of what is deployed anywhere."""
    GITHUB = "GITHUB"
    """A personal access token of GitHub, by which code is pushed to repositories."""


class IntegrationTestState(Enum):
    """The result of a test of credentials."""

    PASSED = "PASSED"
    """The service accepts them."""
    REFUSED = "REFUSED"
    """The service does not accept them."""
    FAILED = "FAILED"
    """There was no answer that says whether it does."""


class CredentialTest(msgspec.Struct, frozen=True, rename="camel"):
    """What came of a test, when, and the same as a sentence."""

    state: IntegrationTestState
    message: str
    at: datetime


class Integration(Entity, frozen=True, kw_only=True, rename="camel"):
    """`user_id` made it."""

    id: IntegrationId
    user_id: UserId
    team_id: TeamId
    project_id: ProjectId | None = None
    """The only project that it is for; None for all of the team."""
    type: IntegrationType
    name: str
    enabled: int = 1
    """1 or 0: the key of an index may not be a boolean."""
    sealed: Sealed
    """The credentials."""
    hint: str
    base_url: str | None = None
    """OPENAI: where a compatible server is."""
    credentials_at: datetime
    """When the credentials were entered."""
    tested: CredentialTest | None = None


INTEGRATIONS: Final = TableSpec(
    "integrations",
    Integration,
    fate=(GoesWith(Owner.TEAM, "TeamIdIndex"), GoesWith(Owner.PROJECT, "ProjectIdIndex")),
    sort="userId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "type"),
        Index("TypeIndex", "type", "enabled", sort_type="N"),
        Index("TeamIdIndex", "teamId", "createdAt"),
    ),
)
