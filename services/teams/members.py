"""The members of a team: who they are, in which role, and how they leave."""

from datetime import datetime

from msgspec.structs import replace

from services.core.actor import Actor, Role
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import TeamId, UserId
from services.core.pages import Page, PageRequest, encode_cursor
from services.core.policy import Action, require, require_person
from services.foundation.auth.access import AccessChanges
from services.journal.model import Verb
from services.memberships.model import Membership, Team
from services.memberships.service import Memberships
from services.teams.service import Teams
from services.users import User, Users


@frozen
class Member:
    """`user` is None where the account is gone."""

    user_id: UserId
    user: User | None
    role: Role
    since: datetime


@frozen(kw_only=True)
class Members:
    memberships: Memberships
    teams: Teams
    users: Users
    access: AccessChanges

    async def list(self, team: Team, page: PageRequest, *, by: Actor) -> Page[Member]:
        """Return the members of a team, those who came last first."""
        require(by, Action.VIEW, team, missing=NotFound("team", team.id))
        page_of_members = _only_owner(team) if team.personal else await self.memberships.page(team.id, page)
        users = await self.users.many([membership.id for membership in page_of_members.items])
        members = [
            Member(membership.id, user, membership.role, membership.created_at)
            for membership, user in zip(page_of_members.items, users, strict=True)
        ]
        return Page(members, page_of_members.cursors, page_of_members.has_next)

    async def change_role(self, team_id: TeamId, user_id: UserId, role: Role, *, by: Actor) -> Team:
        """Give a member another role. The owner's changes only by giving the team away."""
        team = await self.teams.get(team_id, by=by, action=Action.MANAGE_MEMBERS)
        if role is Role.OWNER:
            raise Invalid.one("A team has one owner: use transferOwnership.", "role")

        def changed(old: Membership) -> Membership:
            if old.role is Role.OWNER:
                raise Conflict("The owner's role changes only by transferOwnership.", current=team)
            return old if old.role is role else replace(old, role=role)

        before = await self.memberships.find(user_id, team_id)
        async with self.access.changing(user_id):
            member = await self.memberships.change(user_id, team_id, changed)
        if member is None:
            raise _no_member()
        if before is not None and before.version != member.version:
            await self.teams.journal.member(Verb.UPDATED, member, by=by.user_id)
        return team

    async def remove(self, team_id: TeamId, user_id: UserId, *, by: Actor) -> Team:
        """End somebody's membership, and within 5 seconds what they have open."""
        team = await self.teams.get(team_id, by=by, action=Action.MANAGE_MEMBERS)
        await self._end(team, user_id, by=by)
        return team

    async def leave(self, team_id: TeamId, *, by: Actor) -> Team:
        """End the actor's own membership."""
        require_person(by)
        team = await self.teams.get(team_id, by=by)
        await self._end(team, by.user_id, by=by)
        return team

    async def _end(self, team: Team, user_id: UserId, *, by: Actor) -> None:
        for _ in range(5):
            membership = await self.memberships.find(user_id, team.id)
            if membership is None and not team.personal:
                raise _no_member()
            if membership is None or membership.role is Role.OWNER:
                raise Conflict("The owner can't leave: give the team away first, or delete it.", current=team)
            async with self.access.changing(user_id):
                has_ended = await self.memberships.end(membership)
            if has_ended:
                verb = Verb.LEFT if user_id == by.user_id else Verb.REMOVED
                await self.teams.journal.member(verb, membership, by=by.user_id)
                return
        raise Conflict("The membership keeps changing; try again.", current=team)


def _only_owner(team: Team) -> Page[Membership]:
    owner = Membership(
        id=team.user_id, team_id=team.id, role=Role.OWNER, created_at=team.created_at, updated_at=team.updated_at
    )
    return Page([owner], [encode_cursor([team.user_id])], has_next=False)


def _no_member() -> Invalid:
    return Invalid.one("They are not a member of this team.", "userId")
