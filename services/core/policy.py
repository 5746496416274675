"""The policy: the only place that decides who may do what, by action and role."""

from enum import Enum
from typing import Final, Protocol, TypeVar

from services.core.actor import Actor, Role, Scope
from services.core.errors import Forbidden, NotFound
from services.core.ids import TeamId


class Action(Enum):
    """What may be done; the value completes "Your role in this team does not allow you to …"."""

    VIEW = "view this"
    EDIT = "edit this"
    DELETE = "delete this"
    MANAGE_MEMBERS = "manage its members"
    MANAGE_KEYS = "manage its API keys"
    MANAGE_INTEGRATIONS = "manage its integrations"
    RENAME_TEAM = "rename it"
    MANAGE_TEAM = "delete it or give it away"


_VIEWERS: Final = frozenset(Role)
_EDITORS: Final = _VIEWERS - {Role.VIEWER}
_ADMINS: Final = _EDITORS - {Role.EDITOR}

_ALLOWED: Final = {
    Action.VIEW: _VIEWERS,
    Action.EDIT: _EDITORS,
    Action.DELETE: _ADMINS,
    Action.MANAGE_MEMBERS: _ADMINS,
    Action.MANAGE_KEYS: _ADMINS,
    Action.MANAGE_INTEGRATIONS: _ADMINS,
    Action.RENAME_TEAM: _ADMINS,
    Action.MANAGE_TEAM: {Role.OWNER},
}
"""Which roles may do what: the whole of it."""

_SCOPES: Final = {Action.VIEW: Scope.READ, Action.EDIT: Scope.WRITE, Action.DELETE: Scope.WRITE}
"""What an API key needs besides its maker's role; an action that is not here is for people only."""

_SHARED_ONLY: Final = {Action.MANAGE_MEMBERS, Action.MANAGE_TEAM}
"""What nobody does with a personal team: it has no other members, and stays with its owner."""


class Owned(Protocol):
    """Something that belongs to a team."""

    @property
    def team_id(self) -> TeamId: ...


O = TypeVar("O", bound=Owned)  # noqa: E741 - O for owned


def allows(actor: Actor, action: Action, team_id: TeamId) -> bool:
    """Say whether the actor may do this to what belongs to the team."""
    role = actor.roles.get(team_id)
    if role is None or not _in_scope(actor, action):
        return False
    return role in _ALLOWED[action] and not (action in _SHARED_ONLY and team_id == actor.personal_team_id)


def keeps(before: Actor, after: Actor) -> bool:
    """Say whether somebody may still do everything that they could do before."""
    could = ((action, team_id) for team_id in before.roles for action in Action if allows(before, action, team_id))
    return all(allows(after, action, team_id) for action, team_id in could)


def require(actor: Actor, action: Action, thing: O | None, *, missing: NotFound) -> O:
    """Return the thing if the actor may do this to it.

    Raises `missing` where it does not exist or the actor may not see it (the two look the same), and Forbidden where
    they may see it but not do this.
    """
    if thing is None or thing.team_id not in actor.roles:
        raise missing
    if not allows(actor, action, thing.team_id):
        raise Forbidden(_refusal(actor, action, thing.team_id))
    return thing


def require_person(actor: Actor) -> None:
    """Raise Forbidden for an API key: accounts, teams' members and keys are changed by people."""
    if actor.scopes is not None:
        raise Forbidden("An API key can't do this; sign in.")


def _in_scope(actor: Actor, action: Action) -> bool:
    return actor.scopes is None or _SCOPES.get(action) in actor.scopes


def _refusal(actor: Actor, action: Action, team_id: TeamId) -> str:
    if actor.scopes is not None and action not in _SCOPES:
        return "An API key can't do this; sign in."
    if not _in_scope(actor, action):
        return f"This API key's scopes do not allow it to {action.value}."
    if action in _SHARED_ONLY and team_id == actor.personal_team_id:
        return "This is your personal team: it has no other members, and stays yours. Make a team to share."
    return f"Your role in this team does not allow you to {action.value}."


def of_team(action: Action, team_id: TeamId | None, *, by: Actor) -> TeamId:
    """Return a team if the actor may do this in it; None means their personal one. Raises as `require` does."""
    asked = by.personal_team_id if team_id is None else team_id
    if not allows(by, Action.VIEW, asked):
        raise NotFound("team", asked)
    if not allows(by, action, asked):
        raise Forbidden(_refusal(by, action, asked))
    return asked


def require_admin(actor: Actor) -> None:
    """Raise Forbidden unless the actor administrates the installation."""
    if not actor.is_admin:
        raise Forbidden("Only administrators of this installation may do this.")
