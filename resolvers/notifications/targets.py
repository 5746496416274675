"""Notification targets in the schema: people who are told by e-mail or text message."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.notifications.operations import USUAL
from resolvers.paging import After, Connection, First, connection
from resolvers.shown import shows
from resolvers.teams import Team
from services.core.ids import TargetId, TeamId
from services.core.pages import PageRequest
from services.notifications import model, targets
from services.notifications.model import Channel, NotificationEvent
from services.notifications.targets import TargetState

strawberry.enum(Channel, name="NotificationChannel")
strawberry.enum(TargetState, name="NotificationTargetState")


@shows(model.NotificationTarget, prefix="target", get=lambda services: services.targets.get)
@strawberry.type
class NotificationTarget(Node):
    """Somebody who is notified of what happens in a team, by e-mail or text message. Seen by administrators."""

    channel: Channel
    """How they are notified."""
    address: str
    """Their e-mail address, or telephone number with `+` and country."""
    events: Annotated[list[NotificationEvent], AtMost(len(NotificationEvent))]
    """What they are notified of."""
    created_at: datetime
    """When they were added."""
    target: strawberry.Private[model.NotificationTarget]

    @strawberry.field
    async def state(self, info: Info) -> TargetState | None:
        """Whether they have agreed."""
        return await info.context.services.targets.state(self.target)

    @strawberry.field
    async def team(self, info: Info) -> Team | None:
        """The team that they are notified about."""
        return Team.of(await info.context.services.teams.get(self.target.team_id, by=info.context.actor))

    @classmethod
    def of(cls, target: model.NotificationTarget) -> Self:
        return cls(
            id=strawberry.ID(target.id),
            channel=target.channel,
            address=target.address,
            events=list(target.events),
            created_at=target.created_at,
            target=target,
        )


@strawberry.input
class CreateNotificationTargetInput:
    """Somebody to tell."""

    channel: Channel
    """How to tell them."""
    address: str
    """An e-mail address, or a telephone number such as `+14155550123`."""
    events: Annotated[list[NotificationEvent], AtMost(len(NotificationEvent))] = strawberry.field(
        default_factory=lambda: list(USUAL)
    )
    """What to tell them of; if this is not given, of all but GENERATION_QUEUED and WEBHOOK_TEST."""
    team_id: strawberry.ID | None = None
    """The team that they are notified about; null means your personal team."""
    client_mutation_id: ClientMutationId = retry_returns("target")


@strawberry.input
class ConfirmNotificationTargetInput:
    """The code that a telephone was sent."""

    target_id: strawberry.ID
    """The target."""
    code: str
    """Six digits. After five wrong ones, or 15 minutes, no code is right: delete the target and add it again."""


@strawberry.input
class DeleteNotificationTargetInput:
    """Somebody to tell nothing more."""

    target_id: strawberry.ID
    """The target."""


@strawberry.type
class CreateNotificationTargetPayload(Payload):
    """The new target, or what was wrong."""

    target: NotificationTarget | None = None
    """The target, also after a CONFLICT with one that is there already; null after other user errors."""


@strawberry.type
class ConfirmNotificationTargetPayload(Payload):
    """The target, or what was wrong."""

    target: NotificationTarget | None = None
    """The target, which is notified from now on; after a CONFLICT, as it is."""


@strawberry.type
class DeleteNotificationTargetPayload(Payload):
    """The target that is gone, or what was wrong."""

    deleted_target_id: strawberry.ID | None = None
    """The target's id; null where there are user errors."""


@strawberry.type
class TargetsQuery:
    @strawberry.field
    async def notification_targets(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        team_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this team; null means your personal team.")
        ] = None,
    ) -> Connection[NotificationTarget]:
        """List the people who are notified of what happens in a team that you administer, newest first."""
        page = await info.context.services.targets.list(
            PageRequest(first, after), team_id=TeamId(team_id) if team_id else None, by=info.context.actor
        )
        return connection(page, NotificationTarget.of, after=after)


@strawberry.type
class TargetsMutation:
    @mutation("Who is to be notified, and of what.")
    async def create_notification_target(
        self, info: Info, input: CreateNotificationTargetInput
    ) -> CreateNotificationTargetPayload:
        """Tell somebody what happens to a team that you administer. They are asked first, by a mail, or by a code to a
        telephone for `confirmNotificationTarget`. An address is asked three times an hour at most.
        """
        new = targets.NewTarget(
            channel=input.channel,
            address=input.address,
            events=input.events,
            team_id=None if input.team_id is None else TeamId(input.team_id),
            client_mutation_id=input.client_mutation_id,
        )
        target = await info.context.services.targets.create(new, by=info.context.actor)
        return CreateNotificationTargetPayload.of(target)

    @mutation("Which target, and its code.")
    async def confirm_notification_target(
        self, info: Info, input: ConfirmNotificationTargetInput
    ) -> ConfirmNotificationTargetPayload:
        """Confirm a phone number with the code that was sent to it."""
        target = await info.context.services.targets.confirm(
            TargetId(input.target_id), input.code, by=info.context.actor
        )
        return ConfirmNotificationTargetPayload.of(target)

    @mutation("Which target.")
    async def delete_notification_target(
        self, info: Info, input: DeleteNotificationTargetInput
    ) -> DeleteNotificationTargetPayload:
        """Tell a target nothing more."""
        deleted = await info.context.services.targets.delete(TargetId(input.target_id), by=info.context.actor)
        return DeleteNotificationTargetPayload.of(deleted)
