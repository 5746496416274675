"""The records of notifications: who is told of what, and each delivery to a webhook."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import msgspec

from services.core.ids import DeliveryId, TargetId, TeamId, UserId, WebhookId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, GoesWith, Index, Owner, TableSpec
from services.foundation.vault.envelope import Sealed

DELIVERY_LIFETIME: Final = timedelta(days=30)
"""How long a delivery is listed."""

DUE: Final = "due"
DUE_INDEX: Final = Index("DueIndex", "due", "nextAttemptAt")
"""Deliveries that have not ended, by when their next attempt is due. Sparse: ended ones are not in it."""


class NotificationEvent(Enum):
    """What notifications are about. The value is the `type` of the message."""

    GENERATION_QUEUED = "generation.queued"
    """A generation waits for a worker."""
    GENERATION_FINISHED = "generation.finished"
    """A generation has ended, however it did."""
    DEPLOYMENT_SUCCEEDED = "deployment.succeeded"
    """A deployment answers at its URL."""
    DEPLOYMENT_FINISHED = "deployment.finished"
    """A deployment has ended: FAILED, CANCELED, STOPPED or SUPERSEDED."""
    WEBHOOK_DISABLED = "webhook.disabled"
    """A webhook was disabled because it does not take deliveries."""
    WEBHOOK_TEST = "webhook.test"
    """Somebody asked for a test; sent to that webhook alone, whatever its events."""


class DisabledReason(Enum):
    """Why a webhook is disabled."""

    BY_USER = "BY_USER"
    """Somebody of the team switched it off."""
    GONE = "GONE"
    """It answered 410."""
    PERSISTENT_FAILURE = "PERSISTENT_FAILURE"
    """Five deliveries in a row failed at every attempt."""


class DeliveryState(Enum):
    """How far a delivery has come."""

    PENDING = "PENDING"
    """It is under way, or waits for its next attempt."""
    DELIVERED = "DELIVERED"
    """It was answered with a status from 200 to 299."""
    FAILED = "FAILED"
    """It is not tried any more."""


class WebhookSecret(msgspec.Struct, frozen=True, rename="camel"):
    """A sealed signing secret. `expires_at` is None for the current one."""

    sealed: Sealed
    expires_at: datetime | None = None


class Webhook(Entity, frozen=True, kw_only=True, rename="camel"):
    """`user_id` created it."""

    id: WebhookId
    user_id: UserId
    team_id: TeamId
    url: str
    description: str = ""
    events: tuple[NotificationEvent, ...]
    secrets: tuple[WebhookSecret, ...]
    """The current one first, then those that it replaced and that are still valid."""
    enabled: bool = True
    disabled_reason: DisabledReason | None = None
    disabled_at: datetime | None = None
    failures: int = 0
    """Deliveries in a row that failed at every attempt."""


class Delivery(Entity, frozen=True, kw_only=True, rename="camel"):
    """One message to one webhook. `id` is also the message's `webhook-id`, the same at each attempt."""

    id: DeliveryId
    webhook_id: WebhookId
    team_id: TeamId
    event: NotificationEvent
    payload: str
    """The exact body."""
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    """PENDING: when it may be tried next. An attempt under way puts it off by a minute, which is its lease."""
    due: str | None = None
    """DUE while PENDING: the partition of the sparse index."""
    attempted_at: datetime | None = None
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None
    """Why the last attempt failed, as a sentence."""
    finished_at: datetime | None = None
    expires_at: int


class Channel(Enum):
    """How a person is notified."""

    EMAIL = "EMAIL"
    """By e-mail; its owner is asked first."""
    SMS = "SMS"
    """By text message to a telephone; its owner is sent a code first."""


class SentCode(msgspec.Struct, frozen=True, rename="camel"):
    """A code that whoever owns a telephone was sent. `hash` is its HMAC-SHA256 with the target's id, in hex."""

    hash: str
    expires_at: datetime
    tries: int = 0
    """Wrong codes that were entered."""


class NotificationTarget(Entity, frozen=True, kw_only=True, rename="camel"):
    """A person who is told what happens to a team. `user_id` added them."""

    id: TargetId
    user_id: UserId
    team_id: TeamId
    channel: Channel
    address: str
    events: tuple[NotificationEvent, ...]
    subscription: str | None = None
    """The ARN of its subscription to the team's topic; a telephone has one once its code was entered."""
    code: SentCode | None = None
    """What was sent to a telephone that is not subscribed yet."""


TARGETS: Final = TableSpec(
    "notification-targets",
    NotificationTarget,
    fate=(GoesWith(Owner.TEAM, "TeamIdIndex"),),
    indexes=(Index("TeamIdIndex", "teamId", "createdAt"),),
)

WEBHOOKS: Final = TableSpec(
    "webhook-endpoints",
    Webhook,
    fate=(GoesWith(Owner.TEAM, "TeamIdIndex"),),
    indexes=(Index("TeamIdIndex", "teamId", "createdAt"),),
)

DELIVERIES: Final = TableSpec(
    "webhook-deliveries",
    Delivery,
    fate=(EXPIRES,),
    indexes=(Index("WebhookIdIndex", "webhookId", "createdAt"), DUE_INDEX),
    ttl="expiresAt",
)
