"""The members of a team: inviting them, accepting, changing roles, removing, leaving."""

from typing import Self

import strawberry

from resolvers.context import Info
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.teams.objects import TeamInvitation
from resolvers.teams.operations import TeamPayload
from services.core.actor import Role
from services.core.ids import InvitationId, TeamId, UserId
from services.memberships.model import Team as TeamRecord
from services.teams import model


@strawberry.input
class InviteMemberInput:
    """Whom to invite."""

    team_id: strawberry.ID
    """Into this team."""
    email: str
    """The address that is invited; an invitation that it had before is replaced."""
    role: Role = Role.EDITOR
    """What they will be: ADMIN, EDITOR or VIEWER."""
    client_mutation_id: ClientMutationId = retry_returns("invitation", without="its token")


@strawberry.input
class AcceptInvitationInput:
    """An invitation to accept."""

    token: str
    """The token that `inviteMember` showed."""


@strawberry.input
class RevokeInvitationInput:
    """An invitation to take back."""

    invitation_id: strawberry.ID
    """The invitation."""


@strawberry.input
class ResendInvitationInput:
    """An invitation to send again."""

    invitation_id: strawberry.ID
    """An invitation that nobody has accepted."""


@strawberry.input
class ChangeMemberRoleInput:
    """Another role for a member."""

    team_id: strawberry.ID
    """The team."""
    user_id: strawberry.ID
    """The member; not the owner."""
    role: Role
    """ADMIN, EDITOR or VIEWER."""


@strawberry.input
class RemoveMemberInput:
    """A member to remove."""

    team_id: strawberry.ID
    """The team."""
    user_id: strawberry.ID
    """The member; not the owner."""


@strawberry.input
class LeaveTeamInput:
    """A team to leave."""

    team_id: strawberry.ID
    """A team that you are a member of and do not own."""


@strawberry.type
class InviteMemberPayload(Payload):
    """The invitation with its token, or what was wrong."""

    invitation: TeamInvitation | None = None
    """The invitation; null where there are user errors."""
    token: str | None = None
    """What the invited person gives to `acceptInvitation`. Shown this once, also where it was mailed: give it to nobody
    else. Null where a retry made nothing."""

    @classmethod
    def of(cls, invited: tuple[model.Invitation, str | None]) -> Self:
        invitation, token = invited
        return cls(invitation=TeamInvitation.of(invitation), token=token)


@strawberry.type
class ResendInvitationPayload(InviteMemberPayload):
    """The invitation with its new token, or what was wrong."""


@strawberry.type
class RevokeInvitationPayload(Payload):
    """The id of the invitation that is gone, or what was wrong."""

    revoked_invitation_id: strawberry.ID | None = None
    """The invitation's id; null where there are user errors."""


@strawberry.type
class AcceptInvitationPayload(TeamPayload):
    """The team that you are a member of now, or what was wrong."""


@strawberry.type
class ChangeMemberRolePayload(TeamPayload):
    """The team, or what was wrong."""


@strawberry.type
class RemoveMemberPayload(TeamPayload):
    """The team without the member, or what was wrong."""


@strawberry.type
class LeaveTeamPayload(Payload):
    """The id of the team that you have left, or what was wrong."""

    left_team_id: strawberry.ID | None = None
    """The team's id; null where there are user errors."""

    @classmethod
    def of(cls, team: TeamRecord) -> Self:
        del team  # it could not be left: there is a conflict to tell
        return cls()


@strawberry.type
class MembersMutation:
    @mutation("Which member, and the new role.")
    async def invite_member(self, info: Info, input: InviteMemberInput) -> InviteMemberPayload:
        """Invite somebody into a team by their email address; the invitation ends after 7 days. Where this server sends
        mail, they get one with a link; one that does not go out loses nothing but itself: see `mailState`.
        """
        invited = await info.context.services.invitations.invite(
            TeamId(input.team_id),
            input.email,
            input.role,
            client_mutation_id=input.client_mutation_id,
            by=info.context.actor,
        )
        return InviteMemberPayload.of(invited)

    @mutation("Which one.")
    async def resend_invitation(self, info: Info, input: ResendInvitationInput) -> ResendInvitationPayload:
        """Give an invitation a new token and another 7 days, and mail it again; the old token is worth nothing then."""
        invited = await info.context.services.invitations.resend(
            InvitationId(input.invitation_id), by=info.context.actor
        )
        return ResendInvitationPayload.of(invited)

    @mutation("Which one.")
    async def revoke_invitation(self, info: Info, input: RevokeInvitationInput) -> RevokeInvitationPayload:
        """Take an invitation back; its token is worth nothing from then on."""
        invitation = await info.context.services.invitations.revoke(
            InvitationId(input.invitation_id), by=info.context.actor
        )
        return RevokeInvitationPayload.of(invitation)

    @mutation("Which one.")
    async def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> AcceptInvitationPayload:
        """Become a member of a team. Where your email address is known here, it must be the invited one."""
        team = await info.context.services.invitations.accept(input.token, by=info.context.actor)
        await info.context.take_up_roles()
        return AcceptInvitationPayload.of(team)

    @mutation("Whose, to what.")
    async def change_member_role(self, info: Info, input: ChangeMemberRoleInput) -> ChangeMemberRolePayload:
        """Give a member another role."""
        team = await info.context.services.members.change_role(
            TeamId(input.team_id), UserId(input.user_id), input.role, by=info.context.actor
        )
        await info.context.take_up_roles()
        return ChangeMemberRolePayload.of(team)

    @mutation("Which member.")
    async def remove_member(self, info: Info, input: RemoveMemberInput) -> RemoveMemberPayload:
        """Remove a member from a team. Their open subscriptions and API keys for it end within 5 seconds."""
        team = await info.context.services.members.remove(
            TeamId(input.team_id), UserId(input.user_id), by=info.context.actor
        )
        return RemoveMemberPayload.of(team)

    @mutation("Which one.")
    async def leave_team(self, info: Info, input: LeaveTeamInput) -> LeaveTeamPayload:
        """Leave a team. Your API keys for it end."""
        team = await info.context.services.members.leave(TeamId(input.team_id), by=info.context.actor)
        return LeaveTeamPayload(left_team_id=strawberry.ID(team.id))
