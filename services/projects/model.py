"""The record of a project: a backend being built, from its description to where it runs."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Final

from services.core.ids import DeploymentId, EnvironmentId, ProjectId, SchemaId, TeamId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec
from services.foundation.vault.envelope import Sealed

NO_DEPLOYMENT: Final = DeploymentId("")


PURGE: Final = "purge"


class ProjectStatus(Enum):
    """How far a project has come."""

    DRAFT = "DRAFT"
    """It has no schema yet."""
    GENERATING = "GENERATING"
    """A generation is under way."""
    READY = "READY"
    """It has a schema; nothing of it runs."""
    DEPLOYING = "DEPLOYING"
    """A deployment is under way."""
    DEPLOYED = "DEPLOYED"
    """A deployment of it answers."""
    ERROR = "ERROR"
    """The last generation or deployment failed."""


class Project(Entity, frozen=True, kw_only=True, rename="camel"):
    """`user_id` created it; `schema_version` counts the versions of its schema, 0 before the first."""

    id: ProjectId
    user_id: UserId
    team_id: TeamId
    name: str
    description: str = ""
    status: ProjectStatus = ProjectStatus.DRAFT
    schema_id: SchemaId | None = None
    schema_version: int = 0
    generations: int = 0
    """How many generations were asked for."""
    live_deployment_id: DeploymentId | None = None
    """The deployment that answers now."""
    working_id: str | None = None
    """The job that began to work on it last and has not ended."""
    latest_deployment_id: DeploymentId | None = None
    """The newest deployment, "" before the first; None in records from before this was kept."""
    under_way: tuple[DeploymentId, ...] = ()
    """Deployments that neither answer yet nor have ended, in the order in which they were asked for."""
    environment_names: Mapping[str, EnvironmentId] = {}
    """Of its environments, without regard to case; those from before this was kept are missing."""
    secret: Sealed | None = None
    """What the secrets follow from that are made for its deployments; None before the first that needs them."""
    deleted: TeamId | None = None
    """The team to which it can be restored; None otherwise. See services/projects/trash.py."""
    deleted_at: datetime | None = None
    deleted_by: UserId | None = None
    purge: str | None = None
    """PURGE from its deletion on: the partition of a sparse index."""
    purge_at: datetime | None = None
    """When it goes for good."""

    @property
    def is_deleted(self) -> bool:
        return self.purge_at is not None

    @property
    def project_id(self) -> ProjectId:
        return self.id

    @property
    def project_owner_id(self) -> UserId:
        return self.user_id


PROJECTS: Final = TableSpec(
    "projects",
    Project,
    fate=(GoesWith(Owner.TEAM, "TeamIdIndex", within="`Purge`, with all that belongs to it"),),
    sort="userId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("StatusIndex", "status", "updatedAt"),
        Index("TeamIdIndex", "teamId", "createdAt"),
        Index("DeletedIndex", "deleted", "deletedAt"),
        Index("PurgeIndex", "purge", "purgeAt"),
    ),
    stream=True,
)
