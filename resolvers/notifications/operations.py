"""The operations on webhooks."""

from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.notifications.objects import Webhook, WebhookDelivery
from resolvers.paging import After, Connection, First, connection
from services.core.ids import DeliveryId, TeamId, WebhookId
from services.core.pages import PageRequest
from services.notifications import model, service
from services.notifications.model import NotificationEvent

USUAL = [
    event
    for event in NotificationEvent
    if event not in {NotificationEvent.WEBHOOK_TEST, NotificationEvent.GENERATION_QUEUED}
]
"""What is told of where nothing is chosen: what has come of something."""


@strawberry.input
class CreateWebhookInput:
    """A webhook to make."""

    url: str
    """Where to post messages: https, with a public address. Redirects are not followed."""
    events: Annotated[list[NotificationEvent], AtMost(len(NotificationEvent))] = strawberry.field(
        default_factory=lambda: list(USUAL)
    )
    """What it is to be notified of; if not given, all but GENERATION_QUEUED and WEBHOOK_TEST."""
    description: str = ""
    """What it is for, in at most 200 characters."""
    team_id: strawberry.ID | None = None
    """The team that it is notified about; null means your personal team."""
    client_mutation_id: ClientMutationId = retry_returns("webhook", without="its secret")


@strawberry.input
class UpdateWebhookInput:
    """Changes to a webhook; a null field stays as it is."""

    webhook_id: strawberry.ID
    """The webhook."""
    url: str | None = None
    """Where to post messages."""
    events: Annotated[list[NotificationEvent], AtMost(len(NotificationEvent))] | None = None
    """What it is to be notified of."""
    description: str | None = None
    """At most 200 characters."""
    enabled: bool | None = None
    """Whether it is notified of anything; enabling one again clears its failures."""
    expected_version: int | None = None
    """Change nothing unless the webhook still has this version: a CONFLICT then carries the webhook as it is."""


@strawberry.input
class OfWebhook:
    """A webhook; the base of the inputs that name nothing else."""

    webhook_id: strawberry.ID
    """The webhook."""


@strawberry.input
class DeleteWebhookInput(OfWebhook):
    """A webhook to delete."""


@strawberry.input
class RotateWebhookSecretInput(OfWebhook):
    """A webhook whose secret is to be replaced."""


@strawberry.input
class TestWebhookInput(OfWebhook):
    """A webhook to test."""


@strawberry.input
class RedeliverWebhookInput:
    """A delivery to send again."""

    delivery_id: strawberry.ID
    """The delivery: DELIVERED or FAILED."""


@strawberry.type
class WithSecret(Payload):
    """A webhook with a new secret, or what was wrong; the base of payloads."""

    webhook: Webhook | None = None
    """The webhook; null where there are user errors."""
    secret: str | None = None
    """The secret to check signatures with, `whsec_…`. Shown this once; null where a retry made nothing."""

    @classmethod
    def of(cls, created: tuple[model.Webhook, str | None]) -> Self:
        webhook, secret = created
        return cls(webhook=Webhook.of(webhook), secret=secret)


@strawberry.type
class CreateWebhookPayload(WithSecret):
    """The new webhook with its secret, or what was wrong."""


@strawberry.type
class RotateWebhookSecretPayload(WithSecret):
    """The webhook with its new secret, or what was wrong."""


@strawberry.type
class UpdateWebhookPayload(Payload):
    """The changed webhook, or what was wrong."""

    webhook: Webhook | None = None
    """The webhook as it is now, also after a CONFLICT."""


@strawberry.type
class DeleteWebhookPayload(Payload):
    """The webhook that is gone, or what was wrong."""

    deleted_webhook_id: strawberry.ID | None = None
    """The webhook's id; null where there are user errors."""


@strawberry.type
class WithDelivery(Payload):
    """A delivery that is under way, or what was wrong; the base of payloads."""

    delivery: WebhookDelivery | None = None
    """The delivery; after a CONFLICT as it is."""


@strawberry.type
class TestWebhookPayload(WithDelivery):
    """The delivery of the test, or what was wrong."""


@strawberry.type
class RedeliverWebhookPayload(WithDelivery):
    """The delivery, or what was wrong."""


@strawberry.type
class NotificationsQuery:
    @strawberry.field
    async def webhook(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The webhook.")]
    ) -> Webhook | None:
        """Return one webhook of a team that you administer."""
        return Webhook.of(await info.context.services.webhooks.get(WebhookId(id), by=info.context.actor))

    @strawberry.field
    async def webhooks(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        team_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this team; null means your personal team.")
        ] = None,
    ) -> Connection[Webhook]:
        """List the webhooks of a team that you administer, newest first."""
        page = await info.context.services.webhooks.list(
            PageRequest(first, after), team_id=TeamId(team_id) if team_id else None, by=info.context.actor
        )
        return connection(page, Webhook.of, after=after)


@strawberry.type
class NotificationsMutation:
    @mutation("What to make.")
    async def create_webhook(self, info: Info, input: CreateWebhookInput) -> CreateWebhookPayload:
        """Have a URL notified of what happens in a team that you administer. At most 20 for a team."""
        new = service.NewWebhook(
            url=input.url,
            events=input.events,
            description=input.description,
            team_id=None if input.team_id is None else TeamId(input.team_id),
            client_mutation_id=input.client_mutation_id,
        )
        return CreateWebhookPayload.of(await info.context.services.webhooks.create(new, by=info.context.actor))

    @mutation("What to change.")
    async def update_webhook(self, info: Info, input: UpdateWebhookInput) -> UpdateWebhookPayload:
        """Change a webhook, or enable or disable it."""
        change = service.WebhookChange(
            url=input.url,
            events=input.events,
            description=input.description,
            enabled=input.enabled,
            expected_version=input.expected_version,
        )
        webhook = await info.context.services.webhooks.update(
            WebhookId(input.webhook_id), change, by=info.context.actor
        )
        return UpdateWebhookPayload.of(webhook)

    @mutation("What to delete.")
    async def delete_webhook(self, info: Info, input: DeleteWebhookInput) -> DeleteWebhookPayload:
        """Delete a webhook; deliveries under way are dropped."""
        webhook = await info.context.services.webhooks.delete(WebhookId(input.webhook_id), by=info.context.actor)
        return DeleteWebhookPayload.of(webhook)

    @mutation("Whose secret.")
    async def rotate_webhook_secret(self, info: Info, input: RotateWebhookSecretInput) -> RotateWebhookSecretPayload:
        """Replace a webhook's secret. For a day, messages carry a signature with the old one, too."""
        rotated = await info.context.services.webhooks.rotate_secret(WebhookId(input.webhook_id), by=info.context.actor)
        return RotateWebhookSecretPayload.of(rotated)

    @mutation("Which one.")
    async def test_webhook(self, info: Info, input: TestWebhookInput) -> TestWebhookPayload:
        """Send a `webhook.test` to a webhook, once, even to a disabled one; its delivery shows the answer."""
        delivery = await info.context.services.webhooks.test(WebhookId(input.webhook_id), by=info.context.actor)
        return TestWebhookPayload.of(delivery)

    @mutation("What to send.")
    async def redeliver_webhook(self, info: Info, input: RedeliverWebhookInput) -> RedeliverWebhookPayload:
        """Send an ended delivery again: the same `webhook-id` and body, with as many attempts as a new one."""
        delivery = await info.context.services.webhooks.redeliver(DeliveryId(input.delivery_id), by=info.context.actor)
        return RedeliverWebhookPayload.of(delivery)
