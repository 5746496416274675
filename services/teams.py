"""This file is teams: who shares projects. Every user has a personal one from their first sight on."""

from dataclasses import dataclass
from typing import Final

from services.aws.items import Entity
from services.aws.tables import Index, Table, TableSpec
from services.core.actor import Actor
from services.core.errors import NotFound
from services.core.ids import TeamId, UserId
from services.core.policy import Action, allows


class Team(Entity, frozen=True, kw_only=True, rename="camel"):
    """`user_id` owns it."""

    name: str
    user_id: UserId
    personal: bool = False


TEAMS: Final = TableSpec("teams", Team, indexes=(Index("UserIdIndex", "userId", "createdAt"),))


@dataclass(frozen=True, slots=True)
class Teams:
    table: Table[Team]

    async def get(self, team_id: TeamId, *, by: Actor) -> Team:
        """Return one of the actor's teams."""
        team = await self.table.find(team_id) if allows(by, Action.VIEW, team_id) else None
        if team is None:
            raise NotFound("team", team_id)
        return team
