"""This file is who asks: every service method takes an Actor as `by`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from services.core.ids import TeamId, UserId


class Role(Enum):
    """What a member of a team may do; each role may do what those after it may."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"


class Scope(Enum):
    """What an API key may be used for, within what its team may."""

    READ = "READ"
    WRITE = "WRITE"
    ANALYTICS = "ANALYTICS"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, and their role in each of their teams."""

    user_id: UserId
    roles: Mapping[TeamId, Role]
    personal_team_id: TeamId
    is_admin: bool = False
    """Whether they administrate the installation; says nothing about teams."""
    scopes: frozenset[Scope] | None = None
    """None: a signed-in person; else what the API key may do."""
