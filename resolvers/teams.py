"""This file is teams in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.context import Info
from resolvers.node import Node
from resolvers.settings import TeamSettings
from services import teams as model
from services.core.ids import TeamId


@strawberry.type
class Team(Node):
    """People who share projects. Everybody has a personal one."""

    name: str
    """What its members call it."""
    personal: bool
    """Whether it is somebody's own, made when they first signed in."""
    created_at: datetime
    """When it was made."""

    @strawberry.field
    async def settings(self, info: Info) -> TeamSettings | None:
        """What its members share."""
        return TeamSettings.of(await info.context.services.settings.of_team(TeamId(self.id), by=info.context.actor))

    @classmethod
    def of(cls, team: model.Team) -> Self:
        return cls(id=strawberry.ID(team.id), name=team.name, personal=team.personal, created_at=team.created_at)
