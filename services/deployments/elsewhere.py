"""What platforms run with a team's credentials, for whoever wants to take those away."""

from services.core.errors import Conflict
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.deployments.model import Deployment
from services.foundation.aws.tables import Table
from services.foundation.jobs.record import OPEN


@frozen
class RunningElsewhere:
    table: Table[Deployment]

    async def require_nothing(self, team_id: TeamId) -> None:
        """Raise Conflict while a platform runs something with the team's credentials: it is stopped with them."""
        async for deployment in self.table.every("TeamIdIndex", team_id, where={"open": OPEN}):
            if deployment.acts_elsewhere:
                where = deployment.platform.value
                message = (
                    f"{deployment.id} runs at {where} with credentials of this team: cancel it, and wait for its end."
                )
                raise Conflict(message)
