"""Telling: a notice goes to the topics, and into the queue from which webhooks are delivered."""

import msgspec

from services.core.frozen import frozen
from services.core.ids import DeliveryId, TeamId
from services.core.pages import PageRequest
from services.foundation.aws.queue import Queue
from services.foundation.aws.tables import Table
from services.foundation.aws.topic import Topic
from services.notifications.model import NotificationTarget
from services.notifications.notice import Notice


class Due(msgspec.Struct, frozen=True, rename="camel", tag="due"):
    """A delivery whose attempt is due."""

    delivery_id: DeliveryId


Message = Notice | Due
"""What the queue of notifications carries."""


@frozen(kw_only=True)
class Notifier:
    """Tells whoever wants to know."""

    topic: Topic
    """The installation's, to which operators subscribe."""
    queue: Queue
    targets: Table[NotificationTarget]

    async def tell(self, notice: Notice) -> None:
        """Spread and publish a notice."""
        await self.spread(notice)
        await self.publish(notice)

    async def spread(self, notice: Notice) -> None:
        """Have the team's webhooks told. Telling a notice again has no effect."""
        await self.queue.send(msgspec.json.encode(notice).decode(), group=notice.team_id)

    async def publish(self, notice: Notice) -> None:
        """Tell people: those who run the installation, and those of the team. Repeating it tells them again."""
        attributes = {"event": notice.event.value, "status": notice.data.get("status"), "teamId": notice.team_id}
        given = {name: value for name, value in attributes.items() if value}
        await self.topic.publish(notice.subject, notice.text, attributes=given)
        if (await self.targets.query("TeamIdIndex", notice.team_id, PageRequest(first=1))).items:
            topic = self.topic_of(notice.team_id)
            await topic.publish(notice.subject, notice.text_for_team, short=notice.text, attributes=given)

    async def close_topic(self, team_id: TeamId) -> None:
        """Delete a team's own topic with all its subscriptions, if there is one."""
        await self.topic.delete_other(self.topic_of(team_id).name)

    def topic_of(self, team_id: TeamId) -> Topic:
        """Return a team's own topic: SNS has room for 200 filtered subscriptions in one, too few for all teams."""
        return Topic(self.topic.aws, f"{self.topic.name}-{team_id}")
