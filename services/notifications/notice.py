"""Notices: what people and programs are told.

The payload of a webhook is `{"type", "timestamp", "data"}` as Standard Webhooks says. Fields are only ever added to a
type; a change that breaks receivers would get a type of its own, such as `generation.finished.v2`.
"""

import json
from datetime import datetime

import msgspec

from services.core.clock import iso
from services.core.ids import TeamId, UserId
from services.notifications.model import NotificationEvent, Webhook


class Notice(msgspec.Struct, frozen=True, rename="camel", tag="notice"):
    """Something that happened to a team. Two notices with the same key are one."""

    key: str
    event: NotificationEvent
    team_id: TeamId
    at: datetime
    subject: str
    text: str
    """A sentence for a person."""
    data: dict[str, str | None]
    """Ids, statuses and addresses for a program, in a fixed order. No texts of users."""
    user_id: UserId | None = None
    """Who had asked for it; None where it happened by itself."""

    def payload(self) -> str:
        """Write the body of a webhook."""
        body = {"type": self.event.value, "timestamp": iso(self.at), "data": self.data}
        return json.dumps(body, separators=(",", ":"))

    @property
    def text_for_team(self) -> str:
        """The sentence, and where the team may download what was made; that is not for who runs the installation."""
        url = self.data.get("downloadUrl")
        return f"{self.text}\n\nDownload within an hour: {url}" if url else self.text


def webhook_disabled(webhook: Webhook, *, at: datetime) -> Notice:
    """Tell that a webhook was disabled because it takes no deliveries."""
    reason = webhook.disabled_reason.value if webhook.disabled_reason else None
    return Notice(
        key=f"{webhook.id}/{webhook.version}",
        event=NotificationEvent.WEBHOOK_DISABLED,
        team_id=webhook.team_id,
        at=at,
        subject="Webhook disabled",
        text=f"Webhook {webhook.id} was disabled: {reason}. Enable it again once its server answers.",
        data={"teamId": webhook.team_id, "webhookId": webhook.id, "reason": reason},
    )


def webhook_test(webhook: Webhook, key: str, *, at: datetime) -> Notice:
    """Ask a webhook to answer."""
    return Notice(
        key=key,
        event=NotificationEvent.WEBHOOK_TEST,
        team_id=webhook.team_id,
        at=at,
        subject="Webhook test",
        text=f"A test of webhook {webhook.id}.",
        data={"teamId": webhook.team_id, "webhookId": webhook.id},
    )
