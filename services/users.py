"""Users: who signs in. The first sight of a user creates the user and a personal team, together."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from services.core.actor import Actor, Role
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, NotFound, Unauthenticated, Unavailable
from services.core.frozen import frozen
from services.core.ids import TeamId, UserId, new_id, prefix_of
from services.core.policy import require_person
from services.core.recent import Recent
from services.core.text import bounded
from services.foundation.auth.tokens import Subject
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import Index, Stays, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import write_together
from services.memberships.model import Membership, Team
from services.memberships.service import Memberships

NAME_LENGTH: Final = 100
MOST_REMEMBERED: Final = 10_000
"""Users whom a process keeps in mind, so that not every request reads them and their roles."""


class User(Entity, frozen=True, kw_only=True, rename="camel"):
    """`id` is the identity provider's id of the user."""

    personal_team_id: TeamId
    email: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    image_url: str | None = None
    told_at: datetime | None = None
    """When what the identity provider told last was true there; older news change nothing."""
    edited_at: datetime | None = None
    """When the user last changed their names here; from then on the identity provider's are not taken over."""
    deleted_at: datetime | None = None
    """When the account was deleted. The record stays, without anything personal, so that late news do not revive it."""

    @property
    def display_name(self) -> str | None:
        """What to call them: their own name, else the username."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.username


EMPTIED: Final = Stays("Emptied when the account is closed, so that late news of it do not bring it back.")
USERS: Final = TableSpec("users", User, fate=(EMPTIED,), indexes=(Index("EmailIndex", "email"),))


@frozen
class Profile:
    """What the identity provider tells of a user. `email` is a verified address."""

    user_id: UserId
    email: str | None
    username: str | None
    first_name: str | None
    last_name: str | None
    image_url: str | None
    told_at: datetime


@frozen
class ProfileChange:
    """None leaves a field as it is; an empty name takes it away."""

    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    expected_version: int | None = None


@frozen
class Standing:
    """A user and their memberships, as they were a moment ago."""

    user: User
    memberships: Sequence[Membership]


@frozen(kw_only=True)
class Users:
    table: Table[User]
    memberships: Memberships
    recent: Recent[Standing]
    admins: frozenset[str]
    """Ids of users who administrate this installation."""
    now: Clock

    async def actor(self, subject: Subject, *, anew: bool = False) -> Actor:
        """Return the actor for a subject, creating user and personal team on first sight.

        `anew`: as things stand now, not a moment ago.
        """
        if anew:
            self.recent.forget(subject.user_id)
        standing = await self.standing(subject)
        team_id = standing.user.personal_team_id
        roles = {team_id: Role.OWNER, **{membership.team_id: membership.role for membership in standing.memberships}}
        return Actor(UserId(subject.user_id), roles, team_id, is_admin=subject.user_id in self.admins)

    async def get(self, user_id: UserId, *, by: Actor) -> User:
        """Return a user. Only oneself is visible."""
        user = await self.table.find(user_id) if user_id == by.user_id else None
        if user is None:
            raise NotFound("user", user_id)
        return user

    async def standing(self, subject: Subject) -> Standing:
        """Return a user and their memberships of a moment ago, creating user and personal team on first sight."""
        if prefix_of(subject.user_id) != "user":
            raise Unauthenticated("The token's subject is not a user of ours.")
        standing = self.recent.get(subject.user_id)
        if standing is None:
            read_at = self.now()
            user, memberships = await asyncio.gather(self._sign_in(subject), self.memberships.of_user(subject.user_id))
            if user.deleted_at is not None:
                raise Unauthenticated("This account has been deleted.")
            standing = Standing(user, memberships)
            self.recent.put(subject.user_id, standing, read_at=read_at)
        return standing

    async def update(self, change: ProfileChange, *, by: Actor) -> User:
        """Change what one is called."""
        require_person(by)
        names = {"username": change.username, "first_name": change.first_name, "last_name": change.last_name}
        if faults := list(_name_faults(names)):
            raise Invalid(faults)
        given = {name: text.strip() or None for name, text in names.items() if text is not None}

        def changed(old: User) -> User:
            if change.expected_version not in (None, old.version):
                raise Conflict("The profile has changed meanwhile.", current=old)
            return replace(old, **given, edited_at=self.now())

        user = await self.table.update(by.user_id, changed)
        if user is None:
            raise NotFound("user", by.user_id)
        self.recent.forget(by.user_id)
        return user

    async def take_over(self, profile: Profile) -> None:
        """Take over what the identity provider tells of a user, unless something newer is known."""
        await self._sign_in(Subject(profile.user_id, profile.email))

        def updated(old: User) -> User:
            if old.deleted_at is not None or (old.told_at is not None and old.told_at >= profile.told_at):
                return old
            taken_over = replace(old, email=profile.email, image_url=profile.image_url, told_at=profile.told_at)
            if old.edited_at is not None:
                return taken_over
            username = profile.username or old.username
            return replace(taken_over, username=username, first_name=profile.first_name, last_name=profile.last_name)

        await self.table.update(profile.user_id, updated)
        self.recent.forget(profile.user_id)

    async def forget(self, user_id: UserId) -> User:
        """Mark an account as deleted, and take everything personal out of its record."""

        def emptied(old: User) -> User:
            if old.deleted_at is not None:
                return old
            none: dict[str, Any] = dict.fromkeys(("email", "username", "first_name", "last_name", "image_url"))
            return replace(old, **none, deleted_at=self.now())

        await self._sign_in(Subject(user_id))  # so that news that come late find that there was somebody
        user = await self.table.update(user_id, emptied)
        assert user is not None  # noqa: S101 - users are never taken out of the table
        return user

    async def find(self, user_id: UserId) -> User | None:
        """Return a user, for work that was authorized when it was asked for."""
        return await self.table.find(user_id)

    async def many(self, ids: Sequence[UserId]) -> Sequence[User | None]:
        """Return users by id, for those who were shown something that these have made."""
        return await self.table.find_many([(user_id,) for user_id in ids])

    async def _sign_in(self, subject: Subject) -> User:
        existing = await self.table.find(subject.user_id)
        if existing is not None:
            return existing
        now, team_id = self.now(), TeamId(new_id("team"))
        user_id = UserId(subject.user_id)
        name = (subject.email or user_id.removeprefix("user_"))[:NAME_LENGTH]
        user = User(
            id=user_id, created_at=now, updated_at=now, personal_team_id=team_id, email=subject.email, username=name
        )
        team = Team(id=team_id, created_at=now, updated_at=now, name=f"{name}'s team", user_id=user_id, personal=True)
        if not await write_together([self.table.creation(user), *self.memberships.founding(team)]):
            return user
        existing = await self.table.find(subject.user_id)  # another request was first
        if existing is None:
            raise Unavailable("Signing in did not succeed; try again.")
        return existing


def _name_faults(names: Mapping[str, str | None]) -> Iterator[Fault]:
    for name, text in names.items():
        if text is not None:
            yield from bounded(text, field=[_IN_CAMEL_CASE[name]], most=NAME_LENGTH, least=0)


_IN_CAMEL_CASE: Final = {"username": "username", "first_name": "firstName", "last_name": "lastName"}
