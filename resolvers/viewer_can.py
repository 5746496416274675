"""What a viewer may do with something, for interfaces that show only what will work."""

from typing import Self

import strawberry

from services.core.actor import Actor
from services.core.ids import TeamId
from services.core.policy import Action, allows


@strawberry.type
class ViewerCan:
    """What you may do with this and in its team, by your role there (or your API key's scopes)."""

    edit: bool
    """Change it; in its team: create projects, generate, deploy, cancel."""
    delete: bool
    """Delete it, or move it to another team."""
    rename_team: bool
    """Give its team another name."""
    manage_team: bool
    """Give its team to another owner, or delete it."""
    manage_members: bool
    """Invite and remove members of its team, and change their roles."""
    manage_keys: bool
    """Make and revoke API keys of its team."""
    manage_integrations: bool
    """Set up integrations of its team."""

    @classmethod
    def of(cls, actor: Actor, team_id: TeamId) -> Self:
        """Ask the policy for everything."""
        return cls(
            edit=allows(actor, Action.EDIT, team_id),
            delete=allows(actor, Action.DELETE, team_id),
            rename_team=allows(actor, Action.RENAME_TEAM, team_id),
            manage_team=allows(actor, Action.MANAGE_TEAM, team_id),
            manage_members=allows(actor, Action.MANAGE_MEMBERS, team_id),
            manage_keys=allows(actor, Action.MANAGE_KEYS, team_id),
            manage_integrations=allows(actor, Action.MANAGE_INTEGRATIONS, team_id),
        )
