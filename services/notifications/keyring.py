"""The signing secrets of webhooks: made, sealed, and valid for a day after they were replaced."""

import os
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import TeamId, WebhookId
from services.foundation.vault.envelope import Envelopes
from services.notifications.model import Webhook, WebhookSecret
from services.notifications.signing import SECRET_BYTES, secret_of

OVERLAP: Final = timedelta(days=1)
"""How long messages are signed with the replaced secret, too."""

MOST: Final = 3
"""Secrets valid at once."""


@frozen
class Keyring:
    envelopes: Envelopes
    now: Clock

    async def make(self, webhook_id: WebhookId, team_id: TeamId) -> WebhookSecret:
        """Make and seal a new secret."""
        secret = secret_of(os.urandom(SECRET_BYTES))
        return WebhookSecret(await self.envelopes.seal(secret.encode(), _context(webhook_id, team_id)))

    def replaced(self, webhook: Webhook, new: WebhookSecret) -> tuple[WebhookSecret, ...]:
        """Return a webhook's secrets with a new one in front and the old ones expiring."""
        now = self.now()
        old = [
            replace(secret, expires_at=secret.expires_at or now + OVERLAP)
            for secret in webhook.secrets
            if secret.expires_at is None or secret.expires_at > now
        ]
        return (new, *old)[:MOST]

    async def valid(self, webhook: Webhook) -> list[str]:
        """Open the secrets that hold now, the current one first."""
        now, context = self.now(), _context(webhook.id, webhook.team_id)
        sealed = [each.sealed for each in webhook.secrets if each.expires_at is None or each.expires_at > now]
        return [(await self.envelopes.open(each, context)).decode() for each in sealed]


def _context(webhook_id: WebhookId, team_id: TeamId) -> dict[str, str]:
    return {"teamId": team_id, "webhookId": webhook_id}
