"""A team in the schema, with its members and invitations."""

from datetime import UTC, datetime
from typing import Self

import strawberry

from resolvers.api_keys import ApiKey
from resolvers.context import Info
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.settings import TeamSettings
from resolvers.shown import AnyProject, shown, shows
from resolvers.viewer_can import ViewerCan
from services.core.actor import Role
from services.core.ids import TeamId
from services.core.pages import PageRequest
from services.foundation.aws.mailer import MailState
from services.memberships.model import Team as TeamRecord
from services.teams import members, model

strawberry.enum(Role, name="TeamRole")
strawberry.enum(MailState)


@strawberry.type
class TeamMember:
    """Somebody in a team."""

    user_id: strawberry.ID
    """Their id."""
    name: str | None
    """What they are called; null if it is not known, or the account is gone."""
    email: str | None
    """Their address, if the identity provider gives it."""
    image_url: str | None
    """A picture of them, where the identity provider has one."""
    role: Role
    """What they may do here."""
    joined_at: datetime
    """Since when they are a member."""

    @classmethod
    def of(cls, member: members.Member) -> Self:
        user = member.user
        return cls(
            user_id=strawberry.ID(member.user_id),
            name=user.display_name if user else None,
            email=user.email if user else None,
            image_url=user.image_url if user else None,
            role=member.role,
            joined_at=member.since,
        )


@shows(model.Invitation, prefix="invitation", get=lambda services: services.invitations.get)
@strawberry.type
class TeamInvitation(Node):
    """An offer to become a member of a team. It is gone once it is accepted, taken back or replaced."""

    email: str
    """The invited address."""
    role: Role
    """What they will be."""
    invited_by: strawberry.ID
    """Who invited them: a user's id."""
    mail_state: MailState
    """What became of the mail with its link."""
    created_at: datetime
    """When it was made."""
    expires_at: datetime
    """When it ends, if nobody accepts it."""

    @classmethod
    def of(cls, invitation: model.Invitation) -> Self:
        return cls(
            id=strawberry.ID(invitation.id),
            email=invitation.email,
            role=invitation.role,
            invited_by=strawberry.ID(invitation.user_id),
            mail_state=invitation.mail_state,
            created_at=invitation.created_at,
            expires_at=datetime.fromtimestamp(invitation.expires_at, tz=UTC),
        )


@shows(TeamRecord, prefix="team", get=lambda services: services.teams.get)
@strawberry.type
class Team(Node):
    """People who share projects. Everybody has a personal one."""

    name: str
    """What its members call it; 1 to 100 characters."""
    personal: bool
    """Whether it is somebody's own, made when they first signed in: it has no other members, and stays theirs."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it was last renamed or given away."""
    team: strawberry.Private[TeamRecord]

    @strawberry.field
    async def settings(self, info: Info) -> TeamSettings | None:
        """What its members share."""
        return TeamSettings.of(await info.context.services.settings.of_team(TeamId(self.id), by=info.context.actor))

    @strawberry.field
    async def role(self, info: Info) -> Role | None:
        """What you are in it."""
        return info.context.actor.roles.get(self.team.id)

    @strawberry.field
    async def viewer_can(self, info: Info) -> ViewerCan:
        """What you may do in it."""
        return ViewerCan.of(info.context.actor, self.team.id)

    @strawberry.field
    async def members(self, info: Info, first: First = 20, after: After = None) -> Connection[TeamMember]:
        """Its members, the latest to join first."""
        page = await info.context.services.members.list(self.team, PageRequest(first, after), by=info.context.actor)
        return connection(page, TeamMember.of, after=after)

    @strawberry.field
    async def invitations(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[TeamInvitation] | None:
        """Its invitations that nobody has accepted yet, newest first. For those who manage its members."""
        page = await info.context.services.invitations.list(self.team, PageRequest(first, after), by=info.context.actor)
        return connection(page, TeamInvitation.of, after=after)

    @strawberry.field
    async def api_keys(self, info: Info, first: First = 20, after: After = None) -> Connection[ApiKey] | None:
        """Its API keys, newest first. For those who manage them."""
        page = await info.context.services.api_keys.list(self.team, PageRequest(first, after), by=info.context.actor)
        return connection(page, ApiKey.of, after=after)

    @strawberry.field
    async def projects(self, info: Info, first: First = 20, after: After = None) -> Connection[AnyProject]:
        """Its projects, newest first."""
        page = await info.context.services.projects.list(
            PageRequest(first, after), team_id=self.team.id, status=None, by=info.context.actor
        )
        return connection(page, shown, after=after)

    @classmethod
    def of(cls, team: TeamRecord) -> Self:
        return cls(
            id=strawberry.ID(team.id),
            name=team.name,
            personal=team.personal,
            version=team.version,
            created_at=team.created_at,
            updated_at=team.updated_at,
            team=team,
        )
