"""This file is the policy: the only place that decides who may do what, by action and role."""

from enum import Enum
from typing import Final, Protocol, TypeVar

from services.core.actor import Actor, Role
from services.core.errors import Forbidden, NotFound
from services.core.ids import TeamId


class Action(Enum):
    VIEW = "view"
    EDIT = "edit"
    DELETE = "delete"
    ADMINISTER = "administer"


_ALLOWED: Final = {
    Action.VIEW: {Role.OWNER, Role.ADMIN, Role.EDITOR, Role.VIEWER},
    Action.EDIT: {Role.OWNER, Role.ADMIN, Role.EDITOR},
    Action.DELETE: {Role.OWNER, Role.ADMIN},
    Action.ADMINISTER: {Role.OWNER, Role.ADMIN},
}


class Owned(Protocol):
    """Something that belongs to a team."""

    @property
    def team_id(self) -> TeamId: ...


O = TypeVar("O", bound=Owned)  # noqa: E741 - O for owned


def allows(actor: Actor, action: Action, team_id: TeamId) -> bool:
    """Say whether the actor may do this to what belongs to the team."""
    role = actor.roles.get(team_id)
    return role is not None and role in _ALLOWED[action]


def require(actor: Actor, action: Action, thing: O | None, *, missing: NotFound) -> O:
    """Return the thing if the actor may do this to it.

    Raises `missing` where it does not exist or the actor may not see it (the two look the same), and Forbidden where
    they may see it but not do this.
    """
    if thing is None or not allows(actor, Action.VIEW, thing.team_id):
        raise missing
    if not allows(actor, action, thing.team_id):
        raise Forbidden(f"Your role in this team does not allow you to {action.value} this.")
    return thing


def require_admin(actor: Actor) -> None:
    """Raise Forbidden unless the actor administrates the installation."""
    if not actor.is_admin:
        raise Forbidden("Only administrators of this installation may do this.")
