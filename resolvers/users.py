"""Users in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.context import Info
from resolvers.mutations import Payload, mutation
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.settings import UserSettings
from resolvers.shown import shows
from resolvers.teams import Team
from services import users as model
from services.core.pages import PageRequest


@shows(model.User, prefix="user", get=lambda services: services.users.get)
@strawberry.type
class User(Node):
    """Somebody who signs in."""

    email: str | None
    """Their address, if the identity provider gives it."""
    username: str | None
    """What they are called."""
    first_name: str | None
    """Given name."""
    last_name: str | None
    """Family name."""
    image_url: str | None
    """A picture of them, where the identity provider has one."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When they were first seen."""
    updated_at: datetime
    """When their data last changed."""
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
            image_url=user.image_url,
            version=user.version,
            created_at=user.created_at,
            updated_at=user.updated_at,
            user=user,
        )


@strawberry.type
class UsersQuery:
    @strawberry.field
    async def viewer(self, info: Info) -> User:
        """Return who is signed in."""
        actor = info.context.actor
        return User.of(await info.context.services.users.get(actor.user_id, by=actor))


@strawberry.input
class UpdateProfileInput:
    """What you are called; a null field stays as it is, an empty one is taken away.

    From the first change on, names that the identity provider tells are not taken over any more.
    """

    username: str | None = None
    """One line of at most 100 characters."""
    first_name: str | None = None
    """One line of at most 100 characters."""
    last_name: str | None = None
    """One line of at most 100 characters."""
    expected_version: int | None = None
    """Change nothing unless your profile still has this version: a CONFLICT then carries it as it is."""


@strawberry.type
class UpdateProfilePayload(Payload):
    """You, or what was wrong."""

    user: User | None = None
    """You as you are now, also after a CONFLICT."""


@strawberry.type
class UsersMutation:
    @mutation("What to change.")
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> UpdateProfilePayload:
        """Change what you are called."""
        change = model.ProfileChange(input.username, input.first_name, input.last_name, input.expected_version)
        return UpdateProfilePayload.of(await info.context.services.users.update(change, by=info.context.actor))
