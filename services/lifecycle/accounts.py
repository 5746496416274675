"""What the identity provider tells of accounts, by Clerk's webhooks: news, ends of sessions, deletions.

Messages come at least once, late and in any order (https://clerk.com/docs/guides/development/webhooks/overview). All of
this may therefore be done again, older news of a user change nothing, and a deleted account stays deleted.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import replace

from services.core.actor import Role
from services.core.clock import Clock, moment_at
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import UserId, prefix_of
from services.core.text import address_in, cleaned
from services.foundation.auth.access import AccessChanges
from services.foundation.auth.signatures import Signatures
from services.foundation.aws.transactions import write_together
from services.foundation.limits.once import Once
from services.journal.journal import Journal
from services.journal.model import Verb
from services.lifecycle.deletion import Deletion
from services.lifecycle.owned_items import OwnedItems
from services.memberships.model import Membership, Team
from services.memberships.service import Memberships
from services.teams.service import Cascade
from services.users import NAME_LENGTH, Profile, Users

REMEMBERED: Final = timedelta(days=7)
"""How long a message's id is known; Svix sends again for about a day."""

URL_LENGTH: Final = 2048
"""Characters of a picture's URL."""

ID_LENGTH: Final = 255
"""Characters of a user's or a session's id."""

_ORDER: Final = list(Role)


class _Verification(msgspec.Struct):
    status: str | None = None


class _Address(msgspec.Struct):
    id: str
    email_address: str
    verification: _Verification | None = None


class ClerkUser(msgspec.Struct):
    """Clerk's user, as far as we read it. `updated_at` is in milliseconds."""

    id: Annotated[str, msgspec.Meta(max_length=ID_LENGTH)]
    updated_at: int
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    image_url: str | None = None
    primary_email_address_id: str | None = None
    email_addresses: list[_Address] = []

    def profile(self) -> Profile:
        primary = next(
            (address for address in self.email_addresses if address.id == self.primary_email_address_id), None
        )
        verified = primary and primary.verification and primary.verification.status == "verified"
        return Profile(
            user_id=UserId(self.id),
            email=address_in(primary.email_address) if primary and verified else None,
            username=cleaned(self.username, most=NAME_LENGTH),
            first_name=cleaned(self.first_name, most=NAME_LENGTH),
            last_name=cleaned(self.last_name, most=NAME_LENGTH),
            image_url=cleaned(self.image_url, most=URL_LENGTH),
            told_at=moment_at(self.updated_at / 1000),
        )


class _Named(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(max_length=ID_LENGTH)]


class _Event(msgspec.Struct):
    type: str
    data: msgspec.Raw


@frozen(kw_only=True)
class Accounts:
    signatures: Signatures | None
    """None where no secret is set: then nothing is received."""
    users: Users
    memberships: Memberships
    once: Once
    """Of the messages that were handled."""
    deletion: Deletion
    cascade: Cascade
    own: OwnedItems
    """What is a user's own."""
    journal: Journal
    access: AccessChanges
    now: Clock

    async def receive(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Handle a message of Clerk's; one that was handled before changes nothing.

        It is noted as handled only afterwards: one that failed in the middle is sent again and done again. Raises
        Unauthenticated where the signature does not hold, Invalid for a signed body that makes no sense.
        """
        if self.signatures is None:
            raise NotFound("webhook", "clerk")
        message_id = f"clerk#{self.signatures.check(body, headers, now=self.now())}"
        if await self.once.has(message_id):
            return
        try:
            event = msgspec.json.decode(body, type=_Event)
            await self._handle(event)
        except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
            raise Invalid.one("The message is not one of Clerk's.") from None
        await self.once.note(message_id, event.type, lifetime=REMEMBERED)

    async def _handle(self, event: _Event) -> None:
        match event.type:
            case "user.created" | "user.updated":
                user = _decoded(event.data, ClerkUser)
                if prefix_of(user.id) == "user":
                    await self.users.take_over(user.profile())
            case "user.deleted":
                user_id = _decoded(event.data, _Named).id
                if prefix_of(user_id) == "user":
                    await self.close(UserId(user_id))
            case "session.ended" | "session.removed" | "session.revoked":
                await self.access.announce(_decoded(event.data, _Named).id)
            case _:
                pass

    async def close(self, user_id: UserId) -> None:
        """Delete an account: its personal data, its memberships, what is its own. Its keys and open sockets end.

        A team that it owned passes to the member with the highest role, among those to whoever came first; a team
        without other members is deleted with its projects, as the personal one is. Raises Conflict while something of
        theirs still runs at a platform, where it is being stopped: the message will come again.
        """
        async with self.access.changing(user_id):
            user = await self.users.forget(user_id)
        for membership in await self.memberships.of_user(user_id):
            await self._leave(membership)
        await self._end(await self.memberships.team(user.personal_team_id), None)
        await self.own.delete(user_id)
        await self.access.announce(user_id)

    async def _leave(self, membership: Membership) -> None:
        if membership.role is not Role.OWNER:
            await self.memberships.remove(membership)
            await self.journal.member(Verb.LEFT, membership, by=UserId(membership.id))
            return
        team, heir = await self.memberships.team(membership.team_id), await self._heir(membership)
        if team is None or heir is None:
            await self._end(team, membership)
            return
        if await write_together(self.memberships.handing_over(team, membership, heir, stays=False)):
            raise Conflict("The team keeps changing; the message will come again.")
        await self.access.announce(heir.id)
        gone, promoted = UserId(membership.id), replace(heir, role=Role.OWNER)
        await self.journal.member(Verb.UPDATED, replace(promoted, version=heir.version + 1), by=gone)
        await self.journal.member(Verb.LEFT, membership, by=gone)

    async def _heir(self, owner: Membership) -> Membership | None:
        others = [member async for member in self.memberships.of_team(owner.team_id) if member.id != owner.id]
        return min(others, key=lambda member: (_ORDER.index(member.role), member.created_at), default=None)

    async def _end(self, team: Team | None, membership: Membership | None) -> None:
        if team is not None:
            await self.deletion.delete_all(team.id)
            await self.cascade.delete(team.id)
            await self.memberships.remove_team(team)
        if membership is not None:
            await self.memberships.remove(membership)


def _decoded(data: msgspec.Raw, kind: Any) -> Any:
    return msgspec.json.decode(data, type=kind)
