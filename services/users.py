"""This file is users: who signs in. The first sight of a user creates the user and a personal team, together."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.auth.tokens import Subject
from services.aws.clients import Aws
from services.aws.items import Entity
from services.aws.tables import Index, Table, TableSpec, transact
from services.core.actor import Actor, Role
from services.core.clock import Clock
from services.core.errors import NotFound, Unauthenticated, Unavailable
from services.core.ids import TeamId, UserId, new_id, prefix_of
from services.teams import Team

REMEMBERED: Final = 10_000
"""Users whose teams a process keeps in mind, so that not every request reads them."""


class User(Entity, frozen=True, kw_only=True, rename="camel"):
    """`id` is the identity provider's id of the user."""

    personal_team_id: TeamId
    email: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None


USERS: Final = TableSpec("users", User, indexes=(Index("EmailIndex", "email"),))


@dataclass(frozen=True, slots=True)
class Users:
    aws: Aws
    table: Table[User]
    teams: Table[Team]
    admins: frozenset[str]
    """Ids of users who administrate this installation."""
    now: Clock
    _seen: OrderedDict[str, TeamId] = field(default_factory=OrderedDict[str, TeamId])

    async def actor(self, subject: Subject) -> Actor:
        """Return the actor for a subject, creating user and personal team on first sight."""
        if prefix_of(subject.user_id) != "user":
            raise Unauthenticated("The token's subject is not a user of ours.")
        team_id = self._seen.get(subject.user_id)
        if team_id is None:
            team_id = (await self._sign_in(subject)).personal_team_id
            self._seen[subject.user_id] = team_id
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        admin = subject.user_id in self.admins
        return Actor(UserId(subject.user_id), {team_id: Role.OWNER}, team_id, is_admin=admin)

    async def get(self, user_id: UserId, *, by: Actor) -> User:
        """Return a user. Only oneself is visible."""
        user = await self.table.find(user_id) if user_id == by.user_id else None
        if user is None:
            raise NotFound("user", user_id)
        return user

    async def many(self, ids: Sequence[UserId]) -> Sequence[User | None]:
        """Return users by id, for those who were shown something that these have made."""
        return await self.table.find_many([(user_id,) for user_id in ids])

    async def _sign_in(self, subject: Subject) -> User:
        found = await self.table.find(subject.user_id)
        if found is not None:
            return found
        now, team_id = self.now(), TeamId(new_id("team"))
        user_id = UserId(subject.user_id)
        name = subject.email or user_id.removeprefix("user_")
        user = User(
            id=user_id, created_at=now, updated_at=now, personal_team_id=team_id, email=subject.email, username=name
        )
        team = Team(id=team_id, created_at=now, updated_at=now, name=f"{name}'s team", user_id=user_id, personal=True)
        if await transact(self.aws, [self.table.creation(user), self.teams.creation(team)]):
            return user
        found = await self.table.find(subject.user_id)  # another request was first
        if found is None:
            raise Unavailable("Signing in did not succeed; try again.")
        return found
