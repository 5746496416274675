"""This file is users in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.context import Info
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.teams import Team
from services import users as model
from services.core.pages import PageRequest


@strawberry.type
class User(Node):
    """Somebody who signs in."""

    email: str | None
    """Their address, where the identity provider tells it."""
    username: str | None
    """What they are called."""
    first_name: str | None
    """Given name."""
    last_name: str | None
    """Family name."""
    created_at: datetime
    """When they were first seen."""
    user: strawberry.Private[model.User]

    @strawberry.field
    async def team(self, info: Info) -> Team | None:
        """Their personal team."""
        return Team.of(await info.context.services.teams.get(self.user.personal_team_id, by=info.context.actor))

    @strawberry.field
    async def teams(self, info: Info, first: First = 20, after: After = None) -> Connection[Team]:
        """Your teams, the personal one among them, newest first."""
        page = await info.context.services.teams.list(PageRequest(first, after), by=info.context.actor)
        return connection(page, Team.of, after=after)

    @classmethod
    def of(cls, user: model.User) -> Self:
        return cls(
            id=strawberry.ID(user.id),
            email=user.email,
            username=user.username,
            first_name=user.first_name,
            last_name=user.last_name,
            created_at=user.created_at,
            user=user,
        )


@strawberry.type
class UsersQuery:
    @strawberry.field
    async def viewer(self, info: Info) -> User:
        """Return who is signed in."""
        actor = info.context.actor
        return User.of(await info.context.services.users.get(actor.user_id, by=actor))
