"""This file is what users do with their teams."""

from dataclasses import dataclass

from services.aws.tables import Table
from services.core.actor import Actor
from services.core.errors import NotFound
from services.core.ids import TeamId
from services.core.policy import Action, allows
from services.teams.model import Team


@dataclass(frozen=True, slots=True)
class Teams:
    table: Table[Team]

    async def get(self, team_id: TeamId, *, by: Actor) -> Team:
        """Return one of the actor's teams."""
        team = await self.table.find(team_id) if allows(by, Action.VIEW, team_id) else None
        if team is None:
            raise NotFound("team", team_id)
        return team
