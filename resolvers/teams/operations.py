"""Looking up a team, making one, naming it, giving it away, deleting it."""

from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.teams.objects import Team
from services.core.ids import TeamId, UserId
from services.memberships.model import Team as TeamRecord


@strawberry.input
class CreateTeamInput:
    """A team to make."""

    name: str
    """One line of 1 to 100 characters."""
    client_mutation_id: ClientMutationId = retry_returns("team")


@strawberry.input
class RenameTeamInput:
    """Another name for a team."""

    team_id: strawberry.ID
    """The team."""
    name: str
    """One line of 1 to 100 characters."""
    expected_version: int | None = None
    """Change nothing unless the team still has this version: a CONFLICT then carries the team as it is."""


@strawberry.input
class TransferOwnershipInput:
    """A team to give away."""

    team_id: strawberry.ID
    """A team that you own."""
    user_id: strawberry.ID
    """The member who is to own it."""


@strawberry.input
class DeleteTeamInput:
    """A team to delete."""

    team_id: strawberry.ID
    """A team that you own and that has no projects."""


@strawberry.type
class TeamPayload(Payload):
    """The team, or what was wrong."""

    team: Team | None = None
    """The team as it is now, also after a CONFLICT; null after other errors."""


@strawberry.type
class CreateTeamPayload(TeamPayload):
    """The new team, or what was wrong."""


@strawberry.type
class RenameTeamPayload(TeamPayload):
    """The renamed team, or what was wrong."""


@strawberry.type
class TransferOwnershipPayload(TeamPayload):
    """The team that you are an ADMIN of from now on, or what was wrong."""


@strawberry.type
class DeleteTeamPayload(Payload):
    """The id of the team that is gone, or what was wrong."""

    deleted_team_id: strawberry.ID | None = None
    """The team's id; null where there are user errors."""

    @classmethod
    def of(cls, team: TeamRecord) -> Self:
        del team  # it could not be deleted: there is a conflict to tell
        return cls()


@strawberry.type
class TeamsQuery:
    @strawberry.field
    async def team(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The team.")]
    ) -> Team | None:
        """Return one of your teams."""
        return Team.of(await info.context.services.teams.get(TeamId(id), by=info.context.actor))


@strawberry.type
class TeamsMutation:
    @mutation("What to make.")
    async def create_team(self, info: Info, input: CreateTeamInput) -> CreateTeamPayload:
        """Make a team that you own."""
        team = await info.context.services.teams.create(
            input.name, client_mutation_id=input.client_mutation_id, by=info.context.actor
        )
        await info.context.take_up_roles()
        return CreateTeamPayload.of(team)

    @mutation("The new name.")
    async def rename_team(self, info: Info, input: RenameTeamInput) -> RenameTeamPayload:
        """Give a team another name."""
        team = await info.context.services.teams.rename(
            TeamId(input.team_id), input.name, expected_version=input.expected_version, by=info.context.actor
        )
        return RenameTeamPayload.of(team)

    @mutation("What, to whom.")
    async def transfer_ownership(self, info: Info, input: TransferOwnershipInput) -> TransferOwnershipPayload:
        """Make another member the owner of your team; you become an ADMIN of it."""
        team = await info.context.services.teams.transfer(
            TeamId(input.team_id), UserId(input.user_id), by=info.context.actor
        )
        await info.context.take_up_roles()
        return TransferOwnershipPayload.of(team)

    @mutation("Which one.")
    async def delete_team(self, info: Info, input: DeleteTeamInput) -> DeleteTeamPayload:
        """Delete a team that has no projects, with its members, invitations, API keys, webhooks, notification targets,
        integrations and settings. If it is interrupted, call it again.
        """
        team = await info.context.services.teams.delete(TeamId(input.team_id), by=info.context.actor)
        return DeleteTeamPayload(deleted_team_id=strawberry.ID(team.id))
