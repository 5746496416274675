"""Who asks: every service method takes an Actor as `by`."""

from collections.abc import Mapping
from enum import Enum

from services.core.frozen import frozen
from services.core.ids import ApiKeyId, TeamId, UserId


class Role(Enum):
    """What a member of a team may do; each role may do what those after it may."""

    OWNER = "OWNER"
    """Everything; a team has exactly one."""
    ADMIN = "ADMIN"
    """Everything but deleting the team, giving it away, and changing its owner."""
    EDITOR = "EDITOR"
    """Make and change projects, generate, deploy."""
    VIEWER = "VIEWER"
    """See everything, change nothing."""


class Scope(Enum):
    """What an API key may be used for."""

    READ = "READ"
    """Queries and subscriptions."""
    WRITE = "WRITE"
    """Mutations too."""
    ANALYTICS = "ANALYTICS"
    """Recording analytics events, and nothing else."""


@frozen
class Actor:
    """A signed-in user, and their role in each of their teams; or an API key, which acts for its maker in one team."""

    user_id: UserId
    roles: Mapping[TeamId, Role]
    personal_team_id: TeamId
    """Where things go that name no team; for an API key, its team."""
    is_admin: bool = False
    """Whether they administrate the installation; says nothing about teams."""
    scopes: frozenset[Scope] | None = None
    """What an API key may be used for. None: a signed-in person, who may do everything that their roles allow."""
    key_id: ApiKeyId | None = None
    """The API key; None for a person."""
