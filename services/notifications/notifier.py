"""This file is telling: a notice goes to the topic, and into the queue from which webhooks are delivered."""

from dataclasses import dataclass

import msgspec

from services.aws.queue import Queue
from services.aws.topic import Topic
from services.core.ids import DeliveryId
from services.notifications.notice import Notice


class Due(msgspec.Struct, frozen=True, rename="camel", tag="due"):
    """A delivery whose attempt is due."""

    delivery_id: DeliveryId


Message = Notice | Due
"""What the queue of notifications carries."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Tells whoever wants to know."""

    topic: Topic
    queue: Queue

    async def tell(self, notice: Notice) -> None:
        """Spread and publish a notice."""
        await self.spread(notice)
        await self.publish(notice)

    async def spread(self, notice: Notice) -> None:
        """Have the team's webhooks told. Telling a notice again has no effect."""
        await self.queue.send(msgspec.json.encode(notice).decode(), group=notice.team_id)

    async def publish(self, notice: Notice) -> None:
        """Tell the installation's topic, to which operators subscribe. Repeating it sends it again."""
        attributes = {"event": notice.event.value, "status": notice.data.get("status"), "teamId": notice.team_id}
        given = {name: value for name, value in attributes.items() if value}
        await self.topic.publish(notice.subject, notice.text, attributes=given)
