"""Notifications on a stage of their own, with a clock that tests set."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.bootstrap import Services, opened
from services.config import Config
from services.core.actor import Actor
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.ids import TeamId, new_id
from services.core.pages import PageRequest
from services.foundation.auth.tokens import Subject
from services.notifications.model import Delivery, NotificationEvent, Webhook
from services.notifications.notice import Notice
from services.notifications.service import NewWebhook, Webhooks
from services.notifications.webhook_dispatcher import WebhookDispatcher


@dataclass
class Ticking:
    """A clock that stands until it is moved."""

    moment: datetime = field(default_factory=utc_now)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


@frozen
class Stage:
    services: Services
    webhooks: Webhooks
    dispatcher: WebhookDispatcher
    clock: Ticking
    by: Actor

    async def webhook(self, url: str, *events: NotificationEvent) -> tuple[Webhook, str]:
        new = NewWebhook(url, events or (NotificationEvent.GENERATION_FINISHED,))
        webhook, secret = await self.webhooks.create(new, by=self.by)
        assert secret is not None
        return webhook, secret

    async def begun(self, webhook: Webhook) -> Delivery:
        """Begin a delivery to a webhook, of a notice of its own."""
        return await self.dispatcher.fanout.begin(webhook, notice(webhook.team_id))

    async def make(self, delivery: Delivery) -> datetime | None:
        """Make the delivery's next attempt, if it is due."""
        return await self.dispatcher.attempts.make(delivery.id)

    async def made(self, delivery: Delivery) -> Delivery:
        """Make every attempt of a delivery, each when it is due, and return how it ended."""
        due: datetime | None = self.clock()
        while due is not None:
            self.clock.moment = max(self.clock.moment, due)
            due = await self.make(delivery)
        return await self.now(delivery)

    async def now(self, delivery: Delivery) -> Delivery:
        """Return a delivery as it is stored."""
        return await self.webhooks.delivery(delivery.id, by=self.by)

    async def listed(self, webhook: Webhook) -> list[Delivery]:
        page = await self.webhooks.deliveries_of(webhook, PageRequest(first=100), state=None)
        return list(page.items)


def notice(team_id: TeamId) -> Notice:
    return Notice(
        key=uuid.uuid4().hex,
        event=NotificationEvent.GENERATION_FINISHED,
        team_id=team_id,
        at=utc_now(),
        subject="Generation completed",
        text="A generation is COMPLETED.",
        data={"teamId": team_id, "generationId": new_id("generation"), "status": "COMPLETED", "reason": None},
    )


@asynccontextmanager
async def staged(config: Config, clock: Ticking) -> AsyncGenerator[Stage]:
    """Open the product's parts, notifications with the clock of the test."""
    async with opened(config, {}) as process:
        dispatcher = next(worker for worker in process.workers if isinstance(worker, WebhookDispatcher))
        keyring = replace(dispatcher.attempts.keyring, now=clock)
        fanout = replace(dispatcher.fanout, now=clock)
        attempts = replace(dispatcher.attempts, keyring=keyring, now=clock)
        once = replace(dispatcher.email_notifier.once, now=clock)
        services = process.services
        yield Stage(
            services,
            replace(services.webhooks, fanout=fanout, keyring=keyring, now=clock),
            WebhookDispatcher(
                queue=dispatcher.queue,
                fanout=fanout,
                attempts=attempts,
                email_notifier=replace(dispatcher.email_notifier, once=once),
                now=clock,
                slots=8,
                of_team=2,
            ),
            clock,
            await services.users.actor(Subject(f"user_{uuid.uuid4().hex}")),
        )
