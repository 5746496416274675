"""What people do with API keys, and what a key is worth when somebody comes with it.

A key belongs to a team and acts for the person who made it, with the role that they have there now. It dies with
their membership: coming back into the team does not bring it back.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from services.api_keys.model import ApiKey
from services.api_keys.text import SECRET_BYTES, id_in, key_text
from services.core.actor import Actor, Role, Scope
from services.core.clock import Clock
from services.core.errors import Fault, Invalid, NotFound, Unauthenticated
from services.core.frozen import frozen
from services.core.ids import ApiKeyId, TeamId
from services.core.pages import Page, PageRequest
from services.core.pepper import Pepper, is_among
from services.core.policy import Action, require
from services.core.recent import Recent
from services.core.text import bounded
from services.foundation.auth.access import AccessChanges
from services.foundation.auth.tokens import Subject
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import Idempotency, Try
from services.journal.journal import InTeam
from services.memberships.model import Team
from services.teams.service import Teams
from services.users import Standing, Users

NAME_LENGTH: Final = 100

USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""So that a busy key does not cost a write a request."""


@frozen
class NewApiKey:
    name: str
    scopes: tuple[Scope, ...]
    team_id: TeamId | None = None
    """None means the actor's personal team."""
    expires_at: datetime | None = None
    client_mutation_id: str | None = None


@frozen(kw_only=True)
class ApiKeys:
    table: Table[ApiKey]
    teams: Teams
    users: Users
    access: AccessChanges
    recent: Recent[ApiKey]
    idempotency: Idempotency
    pepper: Pepper
    random: Callable[[int], bytes]
    now: Clock

    async def create(self, new: NewApiKey, *, by: Actor) -> tuple[ApiKey, str | None]:
        """Make a key; return it with its text, which nobody can find out later. A repeat gets no text."""
        async with self.idempotency.trying("createApiKey", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(ApiKeyId(attempt.done), by=by), None
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewApiKey, attempt: Try, *, by: Actor) -> tuple[ApiKey, str | None]:
        _check(new, now=self.now())
        team_id = by.personal_team_id if new.team_id is None else new.team_id
        await self.teams.get(team_id, by=by, action=Action.MANAGE_KEYS)
        key_id = ApiKeyId(await attempt.take_id("key"))
        text: str | None = key_text(key_id, self.random(SECRET_BYTES))
        now = self.now()
        key = ApiKey(
            id=key_id,
            team_id=team_id,
            user_id=by.user_id,
            name=new.name.strip(),
            scopes=tuple(scope for scope in Scope if scope in new.scopes),
            hash=self.pepper.hash(text),
            expires_at=new.expires_at,
            created_at=now,
            updated_at=now,
        )
        try:
            await self.table.put_new(key)
        except AlreadyExists:
            key, text = await self.get(key_id, by=by), None
        await self.teams.journal.created(key, key.name, place=InTeam(team_id), by=by.user_id)
        return key, text

    async def get(self, key_id: ApiKeyId, *, by: Actor) -> ApiKey:
        """Return a key of a team whose keys the actor manages."""
        return require(by, Action.MANAGE_KEYS, await self.table.find(key_id), missing=NotFound("key", key_id))

    async def list(self, team: Team, page: PageRequest, *, by: Actor) -> Page[ApiKey]:
        """Return a team's keys, newest first, those that are of no use any more among them."""
        require(by, Action.MANAGE_KEYS, team, missing=NotFound("team", team.id))
        return await self.table.query("TeamIdIndex", team.id, page)

    async def revoke(self, key_id: ApiKeyId, *, by: Actor) -> ApiKey:
        """End a key for good. Ending it again changes nothing."""
        await self.get(key_id, by=by)

        def revoked(old: ApiKey) -> ApiKey:
            return old if old.revoked_at else replace(old, revoked_at=self.now())

        async with self.access.changing(key_id):
            key = await self.table.update(key_id, revoked)
        if key is None:
            raise NotFound("key", key_id)
        await self.teams.journal.deleted(key, key.name, place=InTeam(key.team_id), by=by.user_id)
        return key

    async def enter(self, text: str) -> tuple[ApiKey, Actor]:
        """Return the key of a text, and whom it acts for.

        Raises Unauthenticated for a text that is no key, or a key that has ended.
        """
        key_id = id_in(text)
        key = await self._remembered(key_id) if key_id else None
        hashes = self.pepper.hashes(text)
        if key is None or not is_among(key.hash, hashes):
            raise Unauthenticated("The API key is not one of ours.")
        actor = await self._actor(key)
        await self._note_use(key, hashes[0])
        return key, actor

    async def actor_of(self, key_id: ApiKeyId) -> Actor:
        """Return whom a key acts for, as things stand. Raises Unauthenticated where it has ended."""
        key = await self._remembered(key_id)
        if key is None:
            raise Unauthenticated("The API key is gone.")
        return await self._actor(key)

    async def _actor(self, key: ApiKey) -> Actor:
        if key.revoked_at is not None:
            raise Unauthenticated("The API key has been revoked.")
        if key.expires_at is not None and key.expires_at <= self.now():
            raise Unauthenticated("The API key has expired.")
        role = _role_of_maker(key, await self.users.standing(Subject(key.user_id)))
        if role is None:
            raise Unauthenticated("Whoever made the API key has left its team.")
        implied = {Scope.READ} if Scope.WRITE in key.scopes else set[Scope]()
        scopes = frozenset({*key.scopes, *implied})
        return Actor(key.user_id, {key.team_id: role}, key.team_id, scopes=scopes, key_id=key.id)

    async def _remembered(self, key_id: ApiKeyId) -> ApiKey | None:
        key = self.recent.get(key_id)
        if key is None:
            read_at = self.now()
            key = await self.table.find(key_id)
            if key is not None:
                self.recent.put(key_id, key, read_at=read_at)
        return key

    async def _note_use(self, key: ApiKey, current: str) -> None:
        """Note when a key was used, and keep its hash with the pepper in use: the previous one is to go some day."""
        now = self.now()

        def is_noted(key: ApiKey) -> bool:
            is_recent = key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY
            return is_recent and key.hash == current

        if not is_noted(key):
            noted = await self.table.update(
                key.id, lambda old: old if is_noted(old) else replace(old, last_used_at=now, hash=current)
            )
            if noted is not None:
                self.recent.put(key.id, noted, read_at=now)


def _role_of_maker(key: ApiKey, maker: Standing) -> Role | None:
    if key.team_id == maker.user.personal_team_id:
        return Role.OWNER
    return next(
        (
            membership.role
            for membership in maker.memberships
            if membership.team_id == key.team_id and membership.created_at <= key.created_at
        ),
        None,
    )


def _check(new: NewApiKey, *, now: datetime) -> None:
    faults = bounded(new.name, field=["name"], most=NAME_LENGTH)
    if not new.scopes:
        faults.append(Fault("A key needs at least one scope.", ("scopes",)))
    if new.expires_at is not None and new.expires_at <= now:
        faults.append(Fault("expiresAt must be in the future.", ("expiresAt",)))
    if faults:
        raise Invalid(faults)
