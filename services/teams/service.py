"""This file is what users do with their teams."""

from dataclasses import dataclass

from services.aws.tables import Table
from services.core.actor import Actor
from services.core.errors import NotFound
from services.core.ids import TeamId
from services.core.policy import Action, require
from services.teams.model import Team


@dataclass(frozen=True, slots=True)
class Teams:
    table: Table[Team]

    async def get(self, team_id: TeamId, *, by: Actor, action: Action = Action.VIEW) -> Team:
        """Return one of the actor's teams, with which they may do `action`."""
        team = await self.table.find(team_id) if team_id in by.roles else None
        return require(by, action, team, missing=NotFound("team", team_id))
