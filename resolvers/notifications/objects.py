"""Webhooks and their deliveries in the schema."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.scalars import URL
from resolvers.shown import shows
from resolvers.teams import Team
from services.core.pages import PageRequest
from services.notifications import model
from services.notifications.model import DeliveryState, DisabledReason, NotificationEvent

strawberry.enum(NotificationEvent)
strawberry.enum(DeliveryState, name="WebhookDeliveryState")
strawberry.enum(DisabledReason, name="WebhookDisabledReason")


@shows(model.Delivery, prefix="delivery", get=lambda services: services.webhooks.delivery)
@strawberry.type
class WebhookDelivery(Node):
    """One message to one webhook, with all its attempts. Kept for 30 days."""

    event: NotificationEvent
    """What it is about."""
    payload: str
    """The exact body, as it is signed."""
    state: DeliveryState
    """How far it has come."""
    attempts: int
    """How often it was tried; of one delivered again, since then."""
    next_attempt_at: datetime | None
    """When it is tried next; null once it has ended."""
    response_status: int | None
    """HTTP status of the last answer; null where there was none."""
    response_body: str | None
    """The last answer's first 1,024 bytes."""
    error: str | None
    """Why the last attempt failed; null where it did not."""
    created_at: datetime
    """When it was made."""
    attempted_at: datetime | None
    """When it was last tried."""
    finished_at: datetime | None
    """When it was delivered or given up."""

    @classmethod
    def of(cls, delivery: model.Delivery) -> Self:
        return cls(
            id=strawberry.ID(delivery.id),
            event=delivery.event,
            payload=delivery.payload,
            state=delivery.state,
            attempts=delivery.attempts,
            next_attempt_at=delivery.next_attempt_at,
            response_status=delivery.response_status,
            response_body=delivery.response_body,
            error=delivery.error,
            created_at=delivery.created_at,
            attempted_at=delivery.attempted_at,
            finished_at=delivery.finished_at,
        )


@shows(model.Webhook, prefix="webhook", get=lambda services: services.webhooks.get)
@strawberry.type
class Webhook(Node):
    """A URL that is notified of what happens in a team, signed per Standard Webhooks. Seen by administrators."""

    url: URL
    """Where messages are posted."""
    description: str
    """What it is for, in at most 200 characters."""
    events: Annotated[list[NotificationEvent], AtMost(len(NotificationEvent))]
    """What it is notified of."""
    enabled: bool
    """Whether it is notified of anything."""
    disabled_reason: DisabledReason | None
    """Why it is disabled; null while it is enabled."""
    disabled_at: datetime | None
    """When it was disabled; null while it is enabled."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it last changed."""
    webhook: strawberry.Private[model.Webhook]

    @strawberry.field
    async def team(self, info: Info) -> Team | None:
        """The team it belongs to."""
        return Team.of(await info.context.services.teams.get(self.webhook.team_id, by=info.context.actor))

    @strawberry.field
    async def deliveries(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        state: Annotated[DeliveryState | None, strawberry.argument(description="In this state; null for all.")] = None,
    ) -> Connection[WebhookDelivery]:
        """Its deliveries of the last 30 days, newest first."""
        page = await info.context.services.webhooks.deliveries_of(self.webhook, PageRequest(first, after), state=state)
        return connection(page, WebhookDelivery.of, after=after)

    @classmethod
    def of(cls, webhook: model.Webhook) -> Self:
        return cls(
            id=strawberry.ID(webhook.id),
            url=URL(webhook.url),
            description=webhook.description,
            events=list(webhook.events),
            enabled=webhook.enabled,
            disabled_reason=webhook.disabled_reason,
            disabled_at=webhook.disabled_at,
            version=webhook.version,
            created_at=webhook.created_at,
            updated_at=webhook.updated_at,
            webhook=webhook,
        )
