"""What users do with their teams: make one, name it, give it away, delete it."""

from typing import Final, Protocol

from msgspec.structs import replace

from services.core.actor import Actor, Role
from services.core.clock import Clock
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import TeamId, UserId
from services.core.pages import Page, PageRequest, decode_cursor, encode_cursor
from services.core.policy import Action, require, require_person
from services.core.text import bounded
from services.foundation.auth.access import AccessChanges
from services.foundation.aws.transactions import write_together
from services.foundation.limits.idempotency import Idempotency, Try
from services.journal.journal import Journal
from services.journal.model import Verb
from services.memberships.model import Membership, Team
from services.memberships.service import Memberships
from services.projects.service import Projects

NAME_LENGTH: Final = 100
MOST_TEAMS: Final = 100
"""Teams that one user may be in, besides their personal one: their roles are read with every request."""

TRIES: Final = 5


class Cascade(Protocol):
    """What goes with a team besides its projects and members."""

    async def require_nothing_elsewhere(self, team_id: TeamId) -> None:
        """Raise Conflict while a platform runs something with the team's credentials."""

    async def delete(self, team_id: TeamId) -> None:
        """Delete all of it. Cut short, it can be done again: it deletes what is still there. Raises Conflict, too."""


@frozen(kw_only=True)
class Teams:
    memberships: Memberships
    projects: Projects
    access: AccessChanges
    cascade: Cascade
    journal: Journal
    idempotency: Idempotency
    now: Clock

    async def get(self, team_id: TeamId, *, by: Actor, action: Action = Action.VIEW) -> Team:
        """Return one of the actor's teams, with which they may do `action`."""
        team = await self.memberships.team(team_id) if team_id in by.roles else None
        return require(by, action, team, missing=NotFound("team", team_id))

    async def list(self, page: PageRequest, *, by: Actor) -> Page[Team]:
        """Return the actor's teams, newest first."""
        after = None if page.after is None else str(decode_cursor(page.after, parts=1)[0])
        ids = [team_id for team_id in sorted(by.roles, reverse=True) if after is None or team_id < after]
        teams = await self.memberships.many_teams(ids[: page.first])
        shown = [team for team in teams if team is not None]
        return Page(shown, [encode_cursor([team.id]) for team in shown], has_next=len(ids) > page.first)

    async def create(self, name: str, *, client_mutation_id: str | None = None, by: Actor) -> Team:
        """Make a team that the actor owns."""
        require_person(by)
        async with self.idempotency.trying("createTeam", name, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self._mine(TeamId(attempt.done), by=by)
            return await self._create(name, attempt, by=by)

    async def _create(self, name: str, attempt: Try, *, by: Actor) -> Team:
        _check(name)
        require_room(by)
        now, team_id = self.now(), TeamId(await attempt.take_id("team"))
        team = Team(id=team_id, created_at=now, updated_at=now, name=name.strip(), user_id=by.user_id)
        owner = Membership(id=by.user_id, team_id=team_id, role=Role.OWNER, created_at=now, updated_at=now)
        if await write_together(self.memberships.founding(team, owner)):
            team = await self._mine(team_id, by=by)
        await self.access.announce(by.user_id)
        await self.journal.created(team, team.name, place=team, by=by.user_id)
        return team

    async def _mine(self, team_id: TeamId, *, by: Actor) -> Team:
        """Return a team that the actor is in at this moment: so lately, that their roles may not show it yet."""
        member = await self.memberships.find(by.user_id, team_id)
        team = await self.memberships.team(team_id) if member else None
        if team is None:
            raise NotFound("team", team_id)
        return team

    async def rename(self, team_id: TeamId, name: str, *, expected_version: int | None = None, by: Actor) -> Team:
        """Give a team another name."""
        _check(name)
        await self.get(team_id, by=by, action=Action.RENAME_TEAM)

        def renamed(team: Team) -> Team:
            if expected_version not in (None, team.version):
                raise Conflict("The team has changed meanwhile.", current=team)
            return replace(team, name=name.strip())

        team = await self.memberships.change_team(team_id, renamed)
        if team is None:
            raise NotFound("team", team_id)
        await self.journal.updated(team, team.name, place=team, by=by.user_id)
        return team

    async def transfer(self, team_id: TeamId, user_id: UserId, *, by: Actor) -> Team:
        """Make another member the owner; the actor becomes an ADMIN. Team and both memberships change together."""
        for _ in range(TRIES):
            team = await self.get(team_id, by=by, action=Action.MANAGE_TEAM)
            _check_owner(team, by)
            owner = await self.memberships.find(team.user_id, team_id)
            heir = await self.memberships.find(user_id, team_id)
            if heir is None or owner is None:
                raise Invalid.one("Only a member can become the owner.", "userId")
            if heir.id == owner.id:
                return team
            given = replace(team, user_id=user_id)
            members = [(heir, replace(heir, role=Role.OWNER)), (owner, replace(owner, role=Role.ADMIN))]
            async with self.access.changing(owner.id), self.access.changing(heir.id):
                conflicts = await write_together(self.memberships.handing_over(team, owner, heir, stays=True))
            if not conflicts:
                for old, new in members:
                    member = replace(new, version=old.version + 1)
                    await self.journal.member(Verb.UPDATED, member, by=by.user_id)
                now_theirs = replace(given, version=team.version + 1)
                await self.journal.updated(now_theirs, team.name, place=team, by=by.user_id)
                return now_theirs
        raise Conflict("The team keeps changing; try again.")

    async def delete(self, team_id: TeamId, *, by: Actor) -> Team:
        """Delete a team that has no projects, with all that belongs to it.

        The owner's membership goes last, so that a delete cut short can be done again.
        """
        team = await self.get(team_id, by=by, action=Action.MANAGE_TEAM)
        _check_owner(team, by)
        if await self.projects.any_of(team_id):
            raise Conflict("The team has projects: move or delete them first.", current=team)
        await self.cascade.require_nothing_elsewhere(team_id)
        async for member in self.memberships.of_team(team_id):
            if member.id != team.user_id:
                async with self.access.changing(member.id):
                    await self.memberships.remove(member)
        await self.cascade.delete(team_id)
        owner = await self.memberships.find(team.user_id, team_id)
        async with self.access.changing(team.user_id):
            if await write_together(self.memberships.ending(team, owner)):
                raise Conflict("The team has changed meanwhile; try again.", current=team)
        await self.cascade.delete(team_id)  # again: until now its owner could make more
        return team


def require_room(actor: Actor) -> None:
    """Raise Conflict where somebody is in as many teams as anybody may be."""
    if len(actor.roles) > MOST_TEAMS:
        raise Conflict(f"You are in {MOST_TEAMS} teams already; leave one first.")


def _check_owner(team: Team, by: Actor) -> None:
    """Raise Conflict where the team was given away so lately that the actor's role does not show it yet."""
    if team.user_id != by.user_id:
        raise Conflict("The team has another owner now.", current=team)


def _check(name: str) -> None:
    if faults := bounded(name, field=["name"], most=NAME_LENGTH):
        raise Invalid(faults)
