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


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, and their role in each of their teams."""

    user_id: UserId
    roles: Mapping[TeamId, Role]
    personal_team_id: TeamId
    is_admin: bool = False
    """Whether they administrate the installation; says nothing about teams."""
