"""What goes with a team besides its projects and members: what the tables declare, and the topic of its targets."""

from collections.abc import Awaitable, Callable

from services.core.errors import Conflict
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.deployments.model import Deployment
from services.foundation.aws.tables import Table
from services.foundation.jobs.record import OPEN
from services.lifecycle.owned_items import OwnedItems


@frozen
class TeamCascade:
    items: OwnedItems
    close_topic: Callable[[TeamId], Awaitable[None]]
    deployments: Table[Deployment]

    async def require_nothing_elsewhere(self, team_id: TeamId) -> None:
        """Raise Conflict while a platform runs something with the team's credentials: it is stopped with them."""
        async for deployment in self.deployments.every("TeamIdIndex", team_id, where={"open": OPEN}):
            if deployment.acts_elsewhere:
                where = deployment.platform.value
                message = (
                    f"{deployment.id} runs at {where} with credentials of this team: cancel it, and wait for its end."
                )
                raise Conflict(message)

    async def delete(self, team_id: TeamId) -> None:
        """Delete all of it. Cut short, it can be done again: it deletes what is still there.

        Raises Conflict as `require_nothing_elsewhere` does.
        """
        await self.require_nothing_elsewhere(team_id)
        await self.close_topic(team_id)
        await self.items.delete(team_id)
