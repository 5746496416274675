"""How the services that tell people and webhooks are put together."""

import secrets

from services.bootstrap.adapters import Adapters
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS, Idempotency
from services.foundation.limits.rate_limit import RATES
from services.foundation.outbound.client import Outbound
from services.journal.journal import Journal
from services.memberships.model import MEMBERSHIPS
from services.notifications.attempt import Attempts
from services.notifications.confirmations import Confirmations
from services.notifications.email_notifier import EmailNotifier
from services.notifications.fanout import Fanout
from services.notifications.keyring import Keyring
from services.notifications.model import DELIVERIES, WEBHOOKS
from services.notifications.notifier import Notifier
from services.notifications.service import Webhooks
from services.notifications.targets import NotificationTargets
from services.notifications.webhook_dispatcher import WebhookDispatcher
from services.settings import SETTINGS
from services.users import USERS


def webhooks(
    adapters: Adapters, notifier: Notifier, outbound: Outbound, idempotency: Idempotency, journal: Journal
) -> tuple[WebhookDispatcher, Webhooks]:
    """Make what delivers notices, and what teams do with their webhooks."""
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
        idempotency=idempotency,
        outbound=outbound,
        journal=journal,
        now=now,
    )
    members, sent = adapters.table(MEMBERSHIPS), adapters.table(IDEMPOTENCY_KEYS)
    email_notifier = EmailNotifier(
        mailer=adapters.mailer,
        users=adapters.table(USERS),
        settings=adapters.table(SETTINGS),
        memberships=members,
        sent=sent,
        now=now,
    )
    return WebhookDispatcher(
        queue=notifier.queue, fanout=fanout, attempts=attempts, email_notifier=email_notifier, now=now
    ), service


def targets(adapters: Adapters, notifier: Notifier, idempotency: Idempotency, journal: Journal) -> NotificationTargets:
    """Make what teams do with the people that they have told."""
    confirmations = Confirmations(
        rates=adapters.table(RATES),
        pepper=adapters.config.pepper,
        random=secrets.token_bytes,
        now=adapters.now,
    )
    return NotificationTargets(
        table=notifier.targets,
        notifier=notifier,
        confirmations=confirmations,
        idempotency=idempotency,
        journal=journal,
        now=adapters.now,
    )
