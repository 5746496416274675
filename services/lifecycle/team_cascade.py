"""What goes with a team besides its projects and members: what the tables declare, and the topic of its targets."""

from collections.abc import Awaitable, Callable

from services.core.frozen import frozen
from services.core.ids import TeamId
from services.deployments.elsewhere import RunningElsewhere
from services.lifecycle.owned_items import OwnedItems


@frozen
class TeamCascade:
    items: OwnedItems
    close_topic: Callable[[TeamId], Awaitable[None]]
    elsewhere: RunningElsewhere

    async def require_nothing_elsewhere(self, team_id: TeamId) -> None:
        """Raise Conflict while a platform runs something with the team's credentials."""
        await self.elsewhere.require_nothing(team_id)

    async def delete(self, team_id: TeamId) -> None:
        """Delete all of it. Cut short, it can be done again: it deletes what is still there.

        Raises Conflict as `RunningElsewhere.require_nothing` does.
        """
        await self.elsewhere.require_nothing(team_id)
        await self.close_topic(team_id)
        await self.items.delete(team_id)
