"""The teams and memberships that there are: the slices that decide who may change them read and write them here."""

from collections.abc import AsyncGenerator, Callable, Sequence

from msgspec.structs import replace

from services.core.actor import Role
from services.core.frozen import frozen
from services.core.ids import TeamId, UserId
from services.core.pages import Page, PageRequest
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import Part
from services.memberships.model import Membership, Team


@frozen(kw_only=True)
class Memberships:
    """Asks nobody whether something may be done: whoever calls has asked. Parts are for `write_together`."""

    teams: Table[Team]
    members: Table[Membership]

    async def team(self, team_id: TeamId) -> Team | None:
        return await self.teams.find(team_id)

    async def many_teams(self, team_ids: Sequence[TeamId]) -> Sequence[Team | None]:
        return await self.teams.find_many([(team_id,) for team_id in team_ids])

    async def change_team(self, team_id: TeamId, change: Callable[[Team], Team]) -> Team | None:
        """Change a team as `Table.update` does."""
        return await self.teams.update(team_id, change)

    async def remove_team(self, team: Team) -> None:
        await self.teams.remove(team)

    async def find(self, user_id: UserId, team_id: TeamId) -> Membership | None:
        return await self.members.find(user_id, sort=team_id)

    async def of_user(self, user_id: str) -> Sequence[Membership]:
        """Return all memberships of a user, as they are now."""
        return await self.members.sharing(user_id)

    async def page(self, team_id: TeamId, page: PageRequest) -> Page[Membership]:
        """Return the members of a team, those who came last first."""
        return await self.members.query("TeamIdIndex", team_id, page)

    def of_team(self, team_id: TeamId) -> AsyncGenerator[Membership]:
        """Yield all members of a team, however many there are."""
        return self.members.every("TeamIdIndex", team_id)

    async def change(
        self, user_id: UserId, team_id: TeamId, change: Callable[[Membership], Membership]
    ) -> Membership | None:
        """Change a membership as `Table.update` does."""
        return await self.members.update(user_id, change, sort=team_id)

    async def end(self, membership: Membership) -> bool:
        """End a membership that is still as given; return whether it was."""
        return await self.members.delete(membership)

    async def remove(self, membership: Membership) -> None:
        """End a membership, whatever has become of it."""
        await self.members.remove(membership)

    def founding(self, team: Team, *owners: Membership) -> Sequence[Part]:
        """Return the parts that store a new team, with its owner unless it is a personal one."""
        return [self.teams.creation(team), *map(self.members.creation, owners)]

    def joining(self, member: Membership, team: Team) -> Sequence[Part]:
        """Return the parts by which somebody becomes a member, as long as there is the team."""
        return [self.members.creation(member), self.teams.presence(team)]

    def handing_over(self, team: Team, owner: Membership, heir: Membership, *, stays: bool) -> Sequence[Part]:
        """Return the parts by which a member becomes the owner. Who was it becomes an ADMIN if they stay."""
        admin = replace(owner, role=Role.ADMIN)
        return [
            self.teams.replacement(team, replace(team, user_id=heir.id)),
            self.members.replacement(heir, replace(heir, role=Role.OWNER)),
            self.members.replacement(owner, admin) if stays else self.members.removal(owner),
        ]

    def ending(self, team: Team, owner: Membership | None) -> Sequence[Part]:
        """Return the parts that delete a team and its owner's membership, unless either has changed."""
        return [self.teams.removal(team), *([self.members.removal(owner)] if owner else [])]
