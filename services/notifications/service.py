"""Webhooks as their team's administrators use them: make, change, test, rotate, deliver again."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import DeliveryId, TeamId, WebhookId, new_id
from services.core.pages import Page, PageRequest
from services.core.policy import Action, of_team, require
from services.core.text import Kind, bounded
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import Idempotency, Try
from services.foundation.outbound.client import Outbound
from services.journal.journal import InTeam, Journal
from services.notifications.fanout import MOST, Fanout
from services.notifications.keyring import Keyring
from services.notifications.model import (
    DUE,
    Delivery,
    DeliveryState,
    DisabledReason,
    NotificationEvent,
    Webhook,
)
from services.notifications.notice import webhook_test

DESCRIPTION_LENGTH: Final = 200


@frozen
class NewWebhook:
    url: str
    events: Sequence[NotificationEvent]
    description: str = ""
    team_id: TeamId | None = None
    """None means the actor's personal team."""
    client_mutation_id: str | None = None


@frozen
class WebhookChange:
    """None leaves a field as it is."""

    url: str | None = None
    events: Sequence[NotificationEvent] | None = None
    description: str | None = None
    enabled: bool | None = None
    expected_version: int | None = None


@frozen(kw_only=True)
class Webhooks:
    table: Table[Webhook]
    deliveries: Table[Delivery]
    fanout: Fanout
    keyring: Keyring
    idempotency: Idempotency
    outbound: Outbound
    journal: Journal
    now: Clock

    async def create(self, new: NewWebhook, *, by: Actor) -> tuple[Webhook, str | None]:
        """Have a URL told of what happens to a team; return the webhook and its secret, which is shown this once."""
        async with self.idempotency.trying("createWebhook", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(WebhookId(attempt.done), by=by), None
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewWebhook, attempt: Try, *, by: Actor) -> tuple[Webhook, str | None]:
        self._check(new.url, new.events, new.description)
        team_id = of_team(Action.MANAGE_INTEGRATIONS, new.team_id, by=by)
        webhook_id, now = WebhookId(await attempt.take_id("webhook")), self.now()
        others = [other async for other in self.table.every("TeamIdIndex", team_id) if other.id != webhook_id]
        if len(others) >= MOST:
            raise Conflict(f"A team can have at most {MOST} webhooks.")
        webhook = Webhook(
            id=webhook_id,
            user_id=by.user_id,
            team_id=team_id,
            url=new.url,
            description=new.description.strip(),
            events=_unique(new.events),
            secrets=(await self.keyring.make(webhook_id, team_id),),
            created_at=now,
            updated_at=now,
        )
        try:
            await self.table.put_new(webhook)
        except AlreadyExists:
            webhook, secret = await self.get(webhook_id, by=by), None
        else:
            secret = await self._secret(webhook)
        await self.journal.created(webhook, _host(webhook), place=InTeam(team_id), by=by.user_id)
        return webhook, secret

    async def get(self, webhook_id: WebhookId, *, by: Actor) -> Webhook:
        """Return a webhook of a team that the actor administers."""
        webhook = await self.table.find(webhook_id)
        return require(by, Action.MANAGE_INTEGRATIONS, webhook, missing=NotFound("webhook", webhook_id))

    async def list(self, page: PageRequest, *, team_id: TeamId | None, by: Actor) -> Page[Webhook]:
        """Return a team's webhooks, newest first; None means the actor's personal team."""
        return await self.table.query("TeamIdIndex", of_team(Action.MANAGE_INTEGRATIONS, team_id, by=by), page)

    async def update(self, webhook_id: WebhookId, change: WebhookChange, *, by: Actor) -> Webhook:
        """Change a webhook. Enabling one again forgets its failures."""
        self._check(change.url, change.events, change.description)
        await self.get(webhook_id, by=by)

        def changed(old: Webhook) -> Webhook:
            if change.expected_version not in (None, old.version):
                raise Conflict("The webhook has changed meanwhile.", current=old)
            return replace(old, **self._changes(old, change))

        webhook = _existing(await self.table.update(webhook_id, changed), webhook_id)
        await self.journal.updated(webhook, _host(webhook), place=InTeam(webhook.team_id), by=by.user_id)
        return webhook

    async def delete(self, webhook_id: WebhookId, *, by: Actor) -> Webhook:
        """Delete a webhook; what is under way to it ends with its next attempt."""
        for _ in range(5):
            webhook = await self.get(webhook_id, by=by)
            if await self.table.delete(webhook):
                await self.journal.deleted(webhook, _host(webhook), place=InTeam(webhook.team_id), by=by.user_id)
                return webhook
        raise Conflict("The webhook keeps changing; try again.")

    async def rotate_secret(self, webhook_id: WebhookId, *, by: Actor) -> tuple[Webhook, str]:
        """Replace the secret; return the new one, which is not shown again. The old one holds for another day."""
        webhook = await self.get(webhook_id, by=by)
        new = await self.keyring.make(webhook_id, webhook.team_id)
        changed = await self.table.update(webhook_id, lambda old: replace(old, secrets=self.keyring.replaced(old, new)))
        rotated = _existing(changed, webhook_id)
        await self.journal.updated(rotated, _host(rotated), place=InTeam(rotated.team_id), by=by.user_id)
        return rotated, await self._secret(rotated)

    async def test(self, webhook_id: WebhookId, *, by: Actor) -> Delivery:
        """Send a test to a webhook, also to a disabled one. It is tried once."""
        webhook = await self.get(webhook_id, by=by)
        return await self.fanout.begin(webhook, webhook_test(webhook, new_id("test"), at=self.now()))

    async def delivery(self, delivery_id: DeliveryId, *, by: Actor) -> Delivery:
        """Return a delivery to a webhook of a team that the actor administers."""
        delivery = await self.deliveries.find(delivery_id)
        return require(by, Action.MANAGE_INTEGRATIONS, delivery, missing=NotFound("delivery", delivery_id))

    async def deliveries_of(
        self, webhook: Webhook, page: PageRequest, *, state: DeliveryState | None
    ) -> Page[Delivery]:
        """Return the deliveries of the last 30 days to a webhook that the caller was given, newest first."""
        where = {"state": state.value} if state else None
        return await self.deliveries.query("WebhookIdIndex", webhook.id, page, where=where)

    async def redeliver(self, delivery_id: DeliveryId, *, by: Actor) -> Delivery:
        """Deliver an ended delivery again, with the same `webhook-id`, body and as many attempts as a new one."""
        delivery = await self.delivery(delivery_id, by=by)
        webhook = await self.get(delivery.webhook_id, by=by)
        if not webhook.enabled:
            raise Conflict("The webhook is disabled; enable it first.", current=delivery)

        def again(old: Delivery) -> Delivery:
            if old.state is DeliveryState.PENDING:
                raise Conflict("The delivery is still under way.", current=old)
            pending = DeliveryState.PENDING
            return replace(
                old, state=pending, attempts=0, next_attempt_at=self.now(), due=DUE, finished_at=None, error=None
            )

        changed = await self.deliveries.update(delivery_id, again)
        if changed is None:
            raise NotFound("delivery", delivery_id)
        await self.fanout.send(changed)
        return changed

    async def _secret(self, webhook: Webhook) -> str:
        return (await self.keyring.valid(webhook))[0]

    def _changes(self, old: Webhook, change: WebhookChange) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if change.url is not None:
            changes["url"] = change.url
        if change.events is not None:
            changes["events"] = _unique(change.events)
        if change.description is not None:
            changes["description"] = change.description.strip()
        if change.enabled is True and not old.enabled:
            changes |= {"enabled": True, "disabled_reason": None, "disabled_at": None, "failures": 0}
        if change.enabled is False and old.enabled:
            changes |= {"enabled": False, "disabled_reason": DisabledReason.BY_USER, "disabled_at": self.now()}
        return changes

    def _check(self, url: str | None, events: Sequence[NotificationEvent] | None, description: str | None) -> None:
        faults: list[Fault] = []
        if url is not None:
            faults += self.outbound.faults(url, field=["url"])
        if events is not None and not events:
            faults.append(Fault("events must not be empty.", ("events",)))
        if description is not None:
            faults += bounded(description, field=["description"], most=DESCRIPTION_LENGTH, least=0, kind=Kind.LINES)
        if faults:
            raise Invalid(faults)


def _host(webhook: Webhook) -> str:
    """Return as much of a webhook's URL as is no secret: receivers may have a key in the rest."""
    return urlsplit(webhook.url).hostname or ""


def _existing(webhook: Webhook | None, webhook_id: WebhookId) -> Webhook:
    if webhook is None:
        raise NotFound("webhook", webhook_id)
    return webhook


def _unique(events: Sequence[NotificationEvent]) -> tuple[NotificationEvent, ...]:
    return tuple(dict.fromkeys(events))
