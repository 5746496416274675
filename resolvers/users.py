"""This file is users in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.context import Info
from resolvers.node import Node
from resolvers.settings import UserSettings
from resolvers.teams import Team
from services import users as model


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
    async def settings(self, info: Info) -> UserSettings | None:
        """Their preferences; null for anybody but yourself."""
        if self.user.id != info.context.actor.user_id:
            return None
        return UserSettings.of(await info.context.services.settings.of_user(by=info.context.actor))

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
