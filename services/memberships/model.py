"""The records of teams: a team, and a user's membership in one.

A personal team has its owner as its only member, without a membership: that is how it was before there were others.
"""

from typing import Final

from services.core.actor import Role
from services.core.ids import TeamId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec


class TeamItself(Entity, frozen=True, kw_only=True, rename="camel"):
    """What there is once for each team, and has its id."""

    id: TeamId

    @property
    def team_id(self) -> TeamId:
        """Its id, for the policy."""
        return self.id

    @property
    def project_id(self) -> None:
        """None: a team is of no project."""
        return None

    @property
    def project_owner_id(self) -> None:
        """None, likewise."""
        return None


class Team(TeamItself, frozen=True, kw_only=True, rename="camel"):
    """`user_id` owns it."""

    name: str
    user_id: UserId
    personal: bool = False


TEAMS: Final = TableSpec(
    "teams",
    Team,
    fate=(GoesWith(Owner.TEAM, within="`Teams.delete` and `Accounts.close`, last of all"),),
    indexes=(Index("UserIdIndex", "userId", "createdAt"),),
)


class Membership(Entity, frozen=True, kw_only=True, rename="camel"):
    """A user in a team. `id` is the user's, so that a consistent read of one partition finds all their roles."""

    id: UserId
    team_id: TeamId
    role: Role


MEMBERSHIPS: Final = TableSpec(
    "team-members",
    Membership,
    fate=(
        GoesWith(Owner.TEAM, "TeamIdIndex", within="`Teams.delete`, which tells the members' sockets"),
        GoesWith(Owner.USER, within="`Accounts.close`, which gives away the teams that they own"),
    ),
    sort="teamId",
    indexes=(Index("TeamIdIndex", "teamId", "createdAt"),),
)
