"""Spreading a notice over the team's webhooks: a delivery for each. Doing it twice equals once."""

from typing import Final

import msgspec

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import DeliveryId, derived_id
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.queue import Queue
from services.foundation.aws.tables import Table
from services.notifications.model import DELIVERY_LIFETIME, DUE, Delivery, Webhook
from services.notifications.notice import Notice
from services.notifications.notifier import Due

MOST: Final = 20
"""Webhooks of a team."""


@frozen(kw_only=True)
class Fanout:
    webhooks: Table[Webhook]
    deliveries: Table[Delivery]
    queue: Queue
    now: Clock

    async def spread(self, notice: Notice) -> None:
        """Begin a delivery to every enabled webhook of the team that is told of such events."""
        async for webhook in self.webhooks.every("TeamIdIndex", notice.team_id):
            if webhook.enabled and notice.event in webhook.events:
                await self.begin(webhook, notice)

    async def begin(self, webhook: Webhook, notice: Notice) -> Delivery:
        """Begin the delivery of a notice to a webhook, or return the one that was begun before."""
        now = self.now()
        delivery = Delivery(
            id=DeliveryId(derived_id("delivery", webhook.id, notice.key)),
            webhook_id=webhook.id,
            team_id=webhook.team_id,
            event=notice.event,
            payload=notice.payload(),
            next_attempt_at=now,
            due=DUE,
            created_at=now,
            updated_at=now,
            expires_at=int((now + DELIVERY_LIFETIME).timestamp()),
        )
        try:
            await self.deliveries.put_new(delivery)
        except AlreadyExists:
            delivery = await self.deliveries.find(delivery.id) or delivery
            if delivery.attempts:
                return delivery
        await self.send(delivery)
        return delivery

    async def send(self, delivery: Delivery) -> None:
        """Have the delivery's next attempt made."""
        await self.queue.send(msgspec.json.encode(Due(delivery.id)).decode(), group=delivery.team_id)
