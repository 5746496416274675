"""This file is teams in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.api_keys import ApiKey
from resolvers.context import Info
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from services.core.pages import PageRequest
from services.teams import model


@strawberry.type
class Team(Node):
    """People who share projects. Everybody has a personal one."""

    name: str
    """What its members call it."""
    personal: bool
    """Whether it is somebody's own, made when they first signed in."""
    created_at: datetime
    """When it was made."""
    team: strawberry.Private[model.Team]

    @strawberry.field
    async def api_keys(self, info: Info, first: First = 20, after: After = None) -> Connection[ApiKey] | None:
        """Its API keys, newest first. For those who manage them."""
        page = await info.context.services.api_keys.list(self.team, PageRequest(first, after), by=info.context.actor)
        return connection(page, ApiKey.of, after=after)

    @classmethod
    def of(cls, team: model.Team) -> Self:
        return cls(
            id=strawberry.ID(team.id),
            name=team.name,
            personal=team.personal,
            created_at=team.created_at,
            team=team,
        )
