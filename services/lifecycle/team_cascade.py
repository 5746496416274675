"""What goes with a team besides its projects and members: what the tables declare, and the topic of its targets."""

from collections.abc import Awaitable, Callable

from services.core.frozen import frozen
from services.core.ids import TeamId
from services.lifecycle.owned_items import OwnedItems


@frozen
class TeamCascade:
    items: OwnedItems
    close_topic: Callable[[TeamId], Awaitable[None]]

    async def delete(self, team_id: TeamId) -> None:
        """Delete all of it. Cut short, it can be done again: it deletes what is still there."""
        await self.close_topic(team_id)
        await self.items.delete(team_id)
