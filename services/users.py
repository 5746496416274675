"""This file is users: who signs in. The first sight of a user creates the user and a personal team, together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.auth.tokens import Subject
from services.aws.clients import Aws
from services.aws.items import Entity
from services.aws.tables import Index, Table, TableSpec, transact
from services.core.actor import Actor, Role
from services.core.clock import Clock
from services.core.errors import NotFound, Unauthenticated, Unavailable
from services.core.ids import TeamId, UserId, new_id, prefix_of
from services.core.recent import Recent
from services.teams.model import Membership, Team

KNOWN: Final = 10_000
"""Users whom a process keeps in mind, so that not every request reads them and their roles."""

KNOWN_FOR: Final = timedelta(seconds=4)
"""How long: a role that was taken away elsewhere is gone here after that."""


class User(Entity, frozen=True, kw_only=True, rename="camel"):
    """`id` is the identity provider's id of the user."""

    personal_team_id: TeamId
    email: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    image_url: str | None = None

    @property
    def display_name(self) -> str | None:
        """What to call them: their own name, else the username."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.username


USERS: Final = TableSpec("users", User, indexes=(Index("EmailIndex", "email"),))


@dataclass(frozen=True, slots=True)
class Known:
    """A user and their memberships, as they were a moment ago."""

    user: User
    memberships: Sequence[Membership]


@dataclass(frozen=True, slots=True)
class Users:
    aws: Aws
    table: Table[User]
    teams: Table[Team]
    memberships: Table[Membership]
    recent: Recent[Known]
    admins: frozenset[str]
    """Ids of users who administrate this installation."""
    now: Clock

    async def actor(self, subject: Subject, *, anew: bool = False) -> Actor:
        """Return the actor for a subject, creating user and personal team on first sight.

        `anew`: as things stand now, not a moment ago.
        """
        if anew:
            self.recent.forget(subject.user_id)
        known = await self.known(subject)
        team_id = known.user.personal_team_id
        roles = {team_id: Role.OWNER, **{one.team_id: one.role for one in known.memberships}}
        return Actor(UserId(subject.user_id), roles, team_id, is_admin=subject.user_id in self.admins)

    async def get(self, user_id: UserId, *, by: Actor) -> User:
        """Return a user. Only oneself is visible."""
        user = await self.table.find(user_id) if user_id == by.user_id else None
        if user is None:
            raise NotFound("user", user_id)
        return user

    async def known(self, subject: Subject) -> Known:
        """Return a user and their memberships of a moment ago, creating user and personal team on first sight."""
        if prefix_of(subject.user_id) != "user":
            raise Unauthenticated("The token's subject is not a user of ours.")
        known = self.recent.get(subject.user_id)
        if known is None:
            read_at = self.now()
            user, memberships = await asyncio.gather(self._sign_in(subject), self.memberships.sharing(subject.user_id))
            known = Known(user, memberships)
            self.recent.put(subject.user_id, known, read_at=read_at)
        return known

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
