"""The journal: what the services tell of every change, for people to read and to watch."""

import asyncio
import logging
from datetime import datetime
from typing import Final, Protocol

import msgspec

from services.core.actor import Role
from services.core.clock import Clock, iso
from services.core.frozen import frozen
from services.core.ids import ActivityId, ProjectId, TeamId, UserId, derived_id, prefix_of
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.items import Entity
from services.foundation.aws.tables import Table
from services.foundation.events.shared import SharedStreams
from services.foundation.jobs.record import JobRecord
from services.journal.model import ActivityEntry, EntityType, Verb, expiry, within
from services.memberships.model import Membership

PATIENCE: Final = 1.0
"""Seconds that a change waits for the event log to tell of it live."""

_ENDINGS: Final = {verb.value: verb for verb in (Verb.COMPLETED, Verb.INCOMPLETE, Verb.FAILED, Verb.SUPERSEDED)}

_OTHERWISE_NAMED: Final = {
    "user": EntityType.MEMBER,
    "key": EntityType.API_KEY,
    "target": EntityType.NOTIFICATION_TARGET,
}
"""Types that are not called as the prefix of their ids is."""

log = logging.getLogger(__name__)


class Place(Protocol):
    """Where an object belongs."""

    @property
    def team_id(self) -> TeamId: ...

    @property
    def project_id(self) -> ProjectId | None: ...

    @property
    def project_owner_id(self) -> UserId | None: ...


@frozen
class InTeam:
    """The place of what belongs to a team, or to one project of it."""

    team_id: TeamId
    project_id: ProjectId | None = None
    project_owner_id: UserId | None = None


@frozen(kw_only=True)
class Journal:
    """Notes what has happened, each thing once: an entry's id follows from the object, the verb and the version.

    Never raises: that something was not noted does not undo it.
    """

    table: Table[ActivityEntry]
    streams: SharedStreams
    now: Clock

    async def created(self, entity: Entity, title: str, *, place: Place, by: UserId, nth: int | str = 1) -> None:
        """Note that something was made; of what can be made again after it was deleted, the `nth`."""
        await self._note(Verb.CREATED, entity, title, place=place, by=by, at=entity.created_at, nth=nth)

    async def updated(self, entity: Entity, title: str, *, place: Place, by: UserId) -> None:
        """Note a change; each version once."""
        at, nth = entity.updated_at, entity.version
        await self._note(Verb.UPDATED, entity, title, place=place, by=by, at=at, nth=nth)

    async def deleted(self, entity: Entity, title: str, *, place: Place, by: UserId, nth: int | str = 1) -> None:
        """Note a deletion; of what can be restored, and deleted again, the `nth`."""
        await self._note(Verb.DELETED, entity, title, place=place, by=by, at=self.now(), nth=nth)

    async def restored(self, entity: Entity, title: str, *, place: Place, by: UserId) -> None:
        """Note that something deleted is there again; each version once."""
        at, nth = entity.updated_at, entity.version
        await self._note(Verb.RESTORED, entity, title, place=place, by=by, at=at, nth=nth)

    async def invitation(self, verb: Verb, invitation: Entity, role: Role, *, place: Place, by: UserId) -> None:
        """Note what was done with an invitation, each version once; not whom it is for."""
        at, nth = self.now(), invitation.version
        await self._note(verb, invitation, "", place=place, by=by, at=at, nth=nth, role=role)

    async def member(self, verb: Verb, member: Membership, *, by: UserId) -> None:
        """Note what became of a membership, each version once; whoever comes again has another one."""
        nth = f"{member.team_id}/{iso(member.created_at)}/{member.version}"
        place = InTeam(member.team_id)
        await self._note(verb, member, "", place=place, by=by, at=self.now(), nth=nth, role=member.role)

    async def canceled(self, record: JobRecord, title: str, *, by: UserId) -> None:
        """Note that somebody asked a job to stop; only the first time."""
        await self._note(Verb.CANCELED, record, title, place=record, by=by, at=self.now())

    async def went_live(self, record: JobRecord, title: str) -> None:
        """Note that a deployment answers; only the first time."""
        await self._note(Verb.LIVE, record, title, place=record, by=record.user_id, at=self.now())

    async def ended(self, record: JobRecord, title: str, *, status: str) -> None:
        """Note how a job ended, unless it was canceled: `canceled` has noted who did that."""
        if (verb := _ENDINGS.get(status)) is not None:
            at = record.finished_at or self.now()
            await self._note(verb, record, title, place=record, by=record.user_id, at=at)

    async def _note(
        self,
        verb: Verb,
        entity: Entity,
        title: str,
        *,
        place: Place,
        by: UserId,
        at: datetime,
        nth: int | str = 1,
        role: Role | None = None,
    ) -> None:
        entry = ActivityEntry(
            id=ActivityId(derived_id("activity", f"{type(entity).__name__}/{entity.id}/{verb.value}/{nth}")),
            team_user=within(place.team_id, by),
            team_entity_type=within(place.team_id, _entity_type(entity.id).value),
            team_id=place.team_id,
            user_id=by,
            project_id=place.project_id,
            project_owner_id=place.project_owner_id,
            entity_id=entity.id,
            verb=verb,
            title=title,
            role=role,
            created_at=at,
            updated_at=at,
            expires_at=expiry(at),
        )
        try:
            if await self.table.find(entry.id) is None:  # what is repeated may be given another time
                await self.table.put_new(entry)
                async with asyncio.timeout(PATIENCE):
                    await self.streams.append(entry.team_id, msgspec.json.encode(entry))
        except AlreadyExists:
            return
        except Exception:
            log.warning("%s of %s is not noted", verb.value, entity.id, exc_info=True)


def _entity_type(entity_id: str) -> EntityType:
    prefix = prefix_of(entity_id) or ""
    return _OTHERWISE_NAMED.get(prefix) or EntityType(prefix.upper())
