"""Invitations into a team: by email address, for a week, with a token that is shown once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from services.core.actor import Actor, Role
from services.core.clock import Clock
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import InvitationId, TeamId
from services.core.pages import Page, PageRequest
from services.core.pepper import Pepper
from services.core.policy import Action, require, require_person
from services.core.text import is_email
from services.foundation.auth.access import AccessChanges
from services.foundation.aws.mailer import Mailer, MailState
from services.foundation.aws.tables import Table
from services.foundation.aws.topic import Topic
from services.foundation.aws.transactions import write_together
from services.foundation.limits.idempotency import Try
from services.foundation.limits.rate_limit import RateLimiter
from services.journal.journal import InTeam
from services.journal.model import Verb
from services.memberships.model import Membership, Team
from services.memberships.service import Memberships
from services.teams.model import Invitation
from services.teams.service import Teams, require_room
from services.users import Users

LIFETIME: Final = timedelta(days=7)
MOST: Final = 100
"""Open invitations of a team."""
MAILS: Final = 20
"""Mails that one user may cause within a minute."""


@frozen(kw_only=True)
class Invitations:
    table: Table[Invitation]
    teams: Teams
    memberships: Memberships
    users: Users
    access: AccessChanges
    topic: Topic
    mailer: Mailer
    rates: RateLimiter
    """Of mails that one user has sent to strangers."""
    pepper: Pepper
    random: Callable[[int], bytes]
    now: Clock

    async def invite(
        self, team_id: TeamId, email: str, role: Role, *, client_mutation_id: str | None = None, by: Actor
    ) -> tuple[Invitation, str | None]:
        """Invite an address; return the invitation with its token. One that the address had before is replaced.

        It is stored before its mail is sent, and stays where that fails: its state says so. The topic is told that
        there is an invitation, but not its token: whoever reads the topic could use it. A repeat gets no token.
        """
        given = (team_id, email, role)
        async with self.teams.idempotency.trying("inviteMember", given, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(InvitationId(attempt.done), by=by), None
            return await self._invite(team_id, email, role, attempt, by=by)

    async def _invite(
        self, team_id: TeamId, email: str, role: Role, attempt: Try, *, by: Actor
    ) -> tuple[Invitation, str | None]:
        team = await self.teams.get(team_id, by=by, action=Action.MANAGE_MEMBERS)
        address, invitation_id = _checked(email, role), InvitationId(await attempt.take_id("invitation"))
        invitation, token = self._new(invitation_id, team, address, role, by=by)
        others = [other async for other in self.table.every("TeamIdIndex", team_id) if other.id != invitation_id]
        old = [other for other in others if other.email == invitation.email]
        if len(others) >= MOST and not old:
            raise Conflict(f"The team has {MOST} open invitations; revoke some first.")
        await self._admit_mail(invitation.id, by=by)
        parts = [self.table.creation(invitation), *(self.table.removal(other) for other in old)]
        if await write_together(parts):
            if await self.table.find(invitation_id) is not None:  # an earlier try, that was cut short
                return await self.get(invitation_id, by=by), None
            raise Conflict("The invitation to this address has just changed; try again.")
        await self.topic.publish(
            "Invitation to a team",
            f"{by.user_id} has invited {invitation.email} to the team {team.name} as {role.value}.",
            attributes={"event": "invitation.created", "invitationId": invitation.id, "teamId": team_id},
        )
        await self.teams.journal.invitation(Verb.CREATED, invitation, role, place=team, by=by.user_id)
        return await self._mailed(invitation, team, token, by=by), token

    async def resend(self, invitation_id: InvitationId, *, by: Actor) -> tuple[Invitation, str]:
        """Give an invitation a new token and another week, and mail it again; the old token is worth nothing then."""
        team = await self.teams.get((await self.get(invitation_id, by=by)).team_id, by=by)
        token, expires_at = self._token(invitation_id), self._expiry()
        await self._admit_mail(token, by=by)

        def renewed(old: Invitation) -> Invitation:
            return replace(old, hash=self.pepper.hash(token), expires_at=expires_at, mail_state=self._before_mail)

        invitation = await self.table.update(invitation_id, renewed)
        if invitation is None:
            raise NotFound("invitation", invitation_id)
        await self.teams.journal.invitation(Verb.UPDATED, invitation, invitation.role, place=team, by=by.user_id)
        return await self._mailed(invitation, team, token, by=by), token

    async def list(self, team: Team, page: PageRequest, *, by: Actor) -> Page[Invitation]:
        """Return a team's invitations that nobody has accepted, newest first."""
        require(by, Action.MANAGE_MEMBERS, team, missing=NotFound("team", team.id))
        return await self.table.query("TeamIdIndex", team.id, page)

    async def get(self, invitation_id: InvitationId, *, by: Actor) -> Invitation:
        """Return an invitation into a team whose members the actor manages."""
        missing = NotFound("invitation", invitation_id)
        return require(by, Action.MANAGE_MEMBERS, await self.table.find(invitation_id), missing=missing)

    async def revoke(self, invitation_id: InvitationId, *, by: Actor) -> Invitation:
        """Take an invitation back; its token is worth nothing from then on."""
        invitation = await self.get(invitation_id, by=by)
        await self.table.remove(invitation)
        place = InTeam(invitation.team_id)
        await self.teams.journal.invitation(Verb.DELETED, invitation, invitation.role, place=place, by=by.user_id)
        return invitation

    async def accept(self, token: str, *, by: Actor) -> Team:
        """Become a member by an invitation's token; it can be used once.

        Where we know the actor's address it must be the invited one. Where the identity provider does not tell it,
        having the token is the proof: only the invited address and the inviting member were given it.
        """
        require_person(by)
        invitation = await self._by_token(token)
        user, team = await self.users.find(by.user_id), await self.memberships.team(invitation.team_id)
        if team is None:
            raise _no_invitation()
        if user is not None and user.email is not None and user.email.lower() != invitation.email:
            raise Invalid.one("The invitation is for another address than yours.", "token")
        if team.id in by.roles:
            raise Conflict("You are a member of this team already.", current=team)
        require_room(by)
        now = self.now()
        member = Membership(id=by.user_id, team_id=team.id, role=invitation.role, created_at=now, updated_at=now)
        if await write_together([self.table.removal(invitation), *self.memberships.joining(member, team)]):
            raise Conflict("The invitation has just been used or taken back.")
        await self.access.announce(by.user_id)
        await self.teams.journal.member(Verb.JOINED, member, by=by.user_id)
        return team

    async def _by_token(self, token: str) -> Invitation:
        invitation = await self.table.find(token.rpartition("_")[0])
        if invitation is None or not self.pepper.matches(token, invitation.hash):
            raise _no_invitation()
        if invitation.expires_at <= self.now().timestamp():  # DynamoDB deletes it within days
            raise _no_invitation()
        return invitation

    def _new(
        self, invitation_id: InvitationId, team: Team, email: str, role: Role, *, by: Actor
    ) -> tuple[Invitation, str]:
        now, token = self.now(), self._token(invitation_id)
        invitation = Invitation(
            id=invitation_id,
            team_id=team.id,
            user_id=by.user_id,
            email=email,
            role=role,
            hash=self.pepper.hash(token),
            expires_at=self._expiry(),
            mail_state=self._before_mail,
            created_at=now,
            updated_at=now,
        )
        return invitation, token

    async def _admit_mail(self, name: str, *, by: Actor) -> None:
        if self.mailer.is_on:
            await self.rates.take("invite", self.pepper.hash(name)[:16], by=by.user_id)

    async def _mailed(self, invitation: Invitation, team: Team, token: str, *, by: Actor) -> Invitation:
        """Mail an invitation, once, and return it with what became of that."""
        if not self.mailer.is_on:
            return invitation
        inviter = await self.users.find(by.user_id)
        name = (inviter and inviter.display_name) or "Somebody"
        subject, text = _letter(invitation, team, self.mailer.link("invitations", token), inviter=name)
        state = await self.mailer.send(invitation.email, subject, text)

        def with_state(old: Invitation) -> Invitation:
            same = old.hash == invitation.hash and old.mail_state is not state
            return replace(old, mail_state=state) if same else old

        return await self.table.update(invitation.id, with_state) or replace(invitation, mail_state=state)

    @property
    def _before_mail(self) -> MailState:
        return MailState.FAILED if self.mailer.is_on else MailState.OFF

    def _token(self, invitation_id: InvitationId) -> str:
        return f"{invitation_id}_{self.random(32).hex()}"

    def _expiry(self) -> int:
        return int((self.now() + LIFETIME).timestamp())


def _letter(invitation: Invitation, team: Team, link: str, *, inviter: str) -> tuple[str, str]:
    """Write subject and text of an invitation's mail."""
    until = datetime.fromtimestamp(invitation.expires_at, tz=UTC)
    text = (
        f"{inviter} has invited you to the team {team.name} on Snapinfra, as {invitation.role.value}.\n\n"
        f"To accept, open {link}\n\n"
        f"The link can be used once, until {until:%Y-%m-%d %H:%M} UTC. It is for you alone: do not pass this mail on.\n"
        "If you did not expect an invitation, you need not do anything.\n"
    )
    return f"Invitation to the team {team.name}", text


def _checked(email: str, role: Role) -> str:
    if role is Role.OWNER:
        raise Invalid.one("A team has one owner: invite as ADMIN, then use transferOwnership.", "role")
    if not is_email(email.strip()):
        raise Invalid.one("email is not an email address.", "email")
    return email.strip().lower()


def _no_invitation() -> Invalid:
    return Invalid.one(
        "There is no such invitation any more: it was used, taken back or replaced, or is over.", "token"
    )
