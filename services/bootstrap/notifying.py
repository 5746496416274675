"""How the services that tell people and webhooks are put together."""

import secrets

from services.bootstrap.identity import Identity
from services.bootstrap.shared import Shared
from services.foundation.limits.rate_limit import RATES, RateLimiter
from services.foundation.outbound.client import Outbound
from services.notifications.attempt import Attempts
from services.notifications.confirmations import OF_USER, Confirmations
from services.notifications.email_notifier import EmailNotifier
from services.notifications.fanout import Fanout
from services.notifications.keyring import Keyring
from services.notifications.model import DELIVERIES, WEBHOOKS
from services.notifications.service import Webhooks
from services.notifications.targets import NotificationTargets
from services.notifications.webhook_dispatcher import WebhookDispatcher
from services.settings import Settings


def webhooks(
    shared: Shared, outbound: Outbound, identity: Identity, settings: Settings
) -> tuple[WebhookDispatcher, Webhooks]:
    """Make what delivers notices, and what teams do with their webhooks."""
    adapters, notifier = shared.adapters, shared.notifier
    table, deliveries, now = adapters.table(WEBHOOKS), adapters.table(DELIVERIES), adapters.now
    keyring = Keyring(adapters.envelopes(), now)
    fanout = Fanout(webhooks=table, deliveries=deliveries, queue=notifier.queue, now=now)
    attempts = Attempts(
        webhooks=table, deliveries=deliveries, keyring=keyring, outbound=outbound, notifier=notifier, now=now
    )
    service = Webhooks(
        table=table,
        deliveries=deliveries,
        fanout=fanout,
        keyring=keyring,
        idempotency=shared.idempotency,
        outbound=outbound,
        journal=shared.journal,
        now=now,
    )
    email_notifier = EmailNotifier(
        mailer=adapters.mailer,
        users=identity.users,
        settings=settings,
        memberships=identity.teams.memberships,
        once=shared.once,
    )
    return WebhookDispatcher(
        queue=notifier.queue, fanout=fanout, attempts=attempts, email_notifier=email_notifier, now=now
    ), service


def targets(shared: Shared) -> NotificationTargets:
    """Make what teams do with the people that they have told."""
    confirmations = Confirmations(
        rates=RateLimiter(table=shared.adapters.table(RATES), most=OF_USER, now=shared.now),
        pepper=shared.config.pepper,
        random=secrets.token_bytes,
        now=shared.now,
    )
    return NotificationTargets(
        table=shared.notifier.targets,
        notifier=shared.notifier,
        confirmations=confirmations,
        idempotency=shared.idempotency,
        journal=shared.journal,
        now=shared.now,
    )
