"""One attempt at a delivery: claim it, send it, and decide what its answer means."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import DeliveryId
from services.foundation.aws.tables import Table
from services.foundation.outbound.client import Outbound, Reply, Unreachable
from services.notifications.keyring import Keyring
from services.notifications.model import (
    Delivery,
    DeliveryState,
    DisabledReason,
    NotificationEvent,
    Webhook,
)
from services.notifications.notice import webhook_disabled
from services.notifications.notifier import Notifier
from services.notifications.signing import signed_headers

SCHEDULE: Final[Sequence[timedelta]] = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
)
"""Pauses after the first failed attempt, the second, and so on: eight attempts over a day and a half."""

LEASE: Final = timedelta(minutes=1)
"""How long an attempt has a delivery to itself; longer than any request lasts."""

PERSISTENT: Final = 5
"""Deliveries in a row that fail at every attempt before a webhook is disabled."""

LONGEST_WAIT: Final = timedelta(hours=1)
"""The most that a receiver's Retry-After is heeded."""

KEPT_BODY: Final = 1024
"""Bytes of an answer that are shown."""

_GONE: Final = 410


@frozen
class _Outcome:
    """What an attempt came to. `error` of None means that it was delivered."""

    error: str | None
    reply: Reply | None = None


class _NotDue(Exception):
    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class _Ended(Exception):
    """The delivery is not tried any more, or another attempt was begun."""


@frozen(kw_only=True)
class Attempts:
    webhooks: Table[Webhook]
    deliveries: Table[Delivery]
    keyring: Keyring
    outbound: Outbound
    notifier: Notifier
    now: Clock
    schedule: Sequence[timedelta] = SCHEDULE

    async def make(self, delivery_id: DeliveryId) -> datetime | None:
        """Make the attempt that is due; return when the next one is, or None where there is none."""
        try:
            delivery = await self.deliveries.update(delivery_id, self._claimed)
            return None if delivery is None else await self._attempt(delivery)
        except _NotDue as early:
            return early.until
        except _Ended:
            return None

    async def _attempt(self, delivery: Delivery) -> datetime | None:
        webhook, test = await self.webhooks.find(delivery.webhook_id), _is_test(delivery)
        if webhook is None or not (webhook.enabled or test):
            await self._save(delivery, state=DeliveryState.FAILED, error="The webhook was deleted or disabled.")
            return None
        outcome = await self._post(webhook, delivery)
        shown = _shown(outcome)
        if outcome.error is None:
            await self._save(delivery, state=DeliveryState.DELIVERED, **shown)
            await self._heal(webhook)
            return None
        gone = outcome.reply is not None and outcome.reply.status == _GONE
        if not (gone or test) and delivery.attempts <= len(self.schedule):
            pause = max(self.schedule[delivery.attempts - 1], _retry_after(outcome.reply))
            return (await self._save(delivery, next_attempt_at=self.now() + pause, **shown)).next_attempt_at
        await self._save(delivery, state=DeliveryState.FAILED, **shown)
        if not test:
            await self._fail(webhook, gone=gone)
        return None

    async def _post(self, webhook: Webhook, delivery: Delivery) -> _Outcome:
        timestamp = int(self.now().timestamp())
        secrets = await self.keyring.valid(webhook)
        headers = {
            "content-type": "application/json",
            "user-agent": "Snapinfra-Webhooks/1",
            **signed_headers(secrets, message_id=delivery.id, timestamp=timestamp, body=delivery.payload),
        }
        try:
            body = delivery.payload.encode()
            reply = await self.outbound.request(
                "POST", webhook.url, team_id=webhook.team_id, headers=headers, content=body
            )
        except Unreachable as failure:
            return _Outcome(str(failure))
        return _Outcome(_error(reply.status), reply)

    def _claimed(self, old: Delivery) -> Delivery:
        now = self.now()
        if old.state is not DeliveryState.PENDING:
            raise _Ended
        if old.next_attempt_at is not None and old.next_attempt_at > now:
            raise _NotDue(old.next_attempt_at)
        return replace(old, attempts=old.attempts + 1, next_attempt_at=now + LEASE, attempted_at=now)

    async def _save(self, delivery: Delivery, **changes: Any) -> Delivery:
        """Write what an attempt came to, unless another one was begun meanwhile: then _Ended."""
        if "state" in changes:
            changes |= {"next_attempt_at": None, "due": None, "finished_at": self.now()}

        def saved(old: Delivery) -> Delivery:
            if old.attempts != delivery.attempts or old.state is not DeliveryState.PENDING:
                raise _Ended
            return replace(old, **changes)

        written = await self.deliveries.update(delivery.id, saved)
        if written is None:
            raise _Ended
        return written

    async def _heal(self, webhook: Webhook) -> None:
        if webhook.failures:
            await self.webhooks.update(webhook.id, lambda old: replace(old, failures=0) if old.failures else old)

    async def _fail(self, webhook: Webhook, *, gone: bool) -> None:
        """Count a delivery that failed for good, and disable a webhook that takes none."""
        moment = self.now()

        def failed(old: Webhook) -> Webhook:
            if not old.enabled:
                return old
            if gone or old.failures + 1 >= PERSISTENT:
                reason = DisabledReason.GONE if gone else DisabledReason.PERSISTENT_FAILURE
                return replace(
                    old,
                    failures=old.failures + 1,
                    enabled=False,
                    disabled_reason=reason,
                    disabled_at=moment,
                )
            return replace(old, failures=old.failures + 1)

        after = await self.webhooks.update(webhook.id, failed)
        if after is not None and not after.enabled and after.disabled_at == moment:
            await self.notifier.tell(webhook_disabled(after, at=moment))


def _is_test(delivery: Delivery) -> bool:
    """Tests are tried once, disabled webhooks included, and say nothing about the webhook."""
    return delivery.event is NotificationEvent.WEBHOOK_TEST


def _error(status: int) -> str | None:
    if 200 <= status < 300:  # noqa: PLR2004 - success, as HTTP has it
        return None
    if 300 <= status < 400:  # noqa: PLR2004 - redirects
        return f"It answered with a redirect ({status}); these are not followed."
    return f"It answered with status {status}."


def _shown(outcome: _Outcome) -> dict[str, Any]:
    reply = outcome.reply
    return {
        "error": outcome.error,
        "response_status": reply.status if reply else None,
        "response_body": reply.body[:KEPT_BODY].decode("utf-8", "replace") if reply else None,
    }


def _retry_after(reply: Reply | None) -> timedelta:
    """Return the pause that the receiver asks for (RFC 9110, section 10.2.3; dates are not read)."""
    text = reply.headers.get("retry-after", "") if reply else ""
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - days are too long anyway
    return min(timedelta(seconds=seconds), LONGEST_WAIT)
