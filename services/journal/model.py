"""An entry of the activity: who did what to which object."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import msgspec

from services.core.actor import Role
from services.core.ids import ActivityId, ProjectId, TeamId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, Index, TableSpec

ENTRY_LIFETIME: Final = timedelta(days=90)


class EntityType(Enum):
    """What kind of object something was done to."""

    PROJECT = "PROJECT"
    """A project."""
    SCHEMA = "SCHEMA"
    """A version of a project's schema, made by hand."""
    ARCHITECTURE = "ARCHITECTURE"
    """An architecture."""
    PAGE = "PAGE"
    """A page of a project's documentation."""
    GENERATION = "GENERATION"
    """A generation."""
    DEPLOYMENT = "DEPLOYMENT"
    """A deployment."""
    ENVIRONMENT = "ENVIRONMENT"
    """An environment, or its variables."""
    PUSH = "PUSH"
    """A push of code to a repository."""
    DOMAIN = "DOMAIN"
    """A domain of one's own, for a deployment."""
    TEAM = "TEAM"
    """A team, or its settings."""
    MEMBER = "MEMBER"
    """Somebody in a team: `entityId` is the user's id."""
    INVITATION = "INVITATION"
    """An invitation into a team."""
    API_KEY = "API_KEY"
    """An API key; DELETED when it is revoked."""
    WEBHOOK = "WEBHOOK"
    """A webhook."""
    NOTIFICATION_TARGET = "NOTIFICATION_TARGET"
    """Somebody who is notified by e-mail or text message."""
    INTEGRATION = "INTEGRATION"
    """A team's account at another service."""


class Verb(Enum):
    """What was done, or happened."""

    CREATED = "CREATED"
    """It was made; a generation or deployment was asked for."""
    UPDATED = "UPDATED"
    """It was changed."""
    DELETED = "DELETED"
    """It was deleted."""
    RESTORED = "RESTORED"
    """It is there again, after it had been deleted."""
    CANCELED = "CANCELED"
    """A generation or deployment was asked to stop."""
    COMPLETED = "COMPLETED"
    """A generation made everything it was to make."""
    INCOMPLETE = "INCOMPLETE"
    """A generation was cut short."""
    FAILED = "FAILED"
    """A generation or deployment failed."""
    LIVE = "LIVE"
    """A deployment answered for the first time."""
    SUPERSEDED = "SUPERSEDED"
    """A later deployment took its place."""
    JOINED = "JOINED"
    """A member came, by an invitation."""
    LEFT = "LEFT"
    """A member has left."""
    REMOVED = "REMOVED"
    """A member was removed."""


class ActivityEntry(Entity, frozen=True, kw_only=True, rename="camel"):
    """Never changes. The index keys name the team as well, so that no query can reach another team's entries."""

    id: ActivityId
    team_user: str = msgspec.field(name="userId")
    """`<team>#<user>`."""
    team_entity_type: str = msgspec.field(name="entityType")
    """`<team>#<type>`."""
    team_id: TeamId
    user_id: UserId = msgspec.field(name="actorId")
    """Who did it; if it happened by itself, who had asked for it."""
    project_id: ProjectId | None = None
    project_owner_id: UserId | None = None
    entity_id: str
    verb: Verb
    title: str
    """What the object was called. Never a secret, and never an address or a name of a person's: they stay for 90 days,
    and every member sees them."""
    role: Role | None = None
    """Of a MEMBER or an INVITATION: the role from then on, or at last."""
    expires_at: int

    @property
    def entity_type(self) -> EntityType:
        return EntityType(self.team_entity_type.rpartition("#")[2])


def within(team_id: TeamId, key: str) -> str:
    """Return the partition of what a team has under a key."""
    return f"{team_id}#{key}"


def expiry(at: datetime) -> int:
    return int((at + ENTRY_LIFETIME).timestamp())


ACTIVITY: Final = TableSpec(
    "activity",
    ActivityEntry,
    fate=(EXPIRES,),
    sort="createdAt",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "createdAt"),
        Index("EntityTypeIndex", "entityType", "createdAt"),
    ),
    ttl="expiresAt",
)
