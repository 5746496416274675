"""The dispatcher of webhooks and mails: it takes notices and due deliveries from the queue until asked to stop.

SQS delivers at least once and delays a message by 15 minutes at most. So a delivery's record says when its attempt is
due, and a message that comes early is sent again.
"""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

import msgspec
from msgspec.structs import replace

from services.core.clock import Clock
from services.core.complaint import Complaint
from services.foundation.aws.queue import BATCH, Delivery, Queue
from services.foundation.outbound.client import MOST_OF_TEAM
from services.notifications.attempt import Attempts
from services.notifications.email_notifier import EmailNotifier
from services.notifications.fanout import Fanout
from services.notifications.model import DUE, DUE_INDEX
from services.notifications.model import Delivery as Record
from services.notifications.notice import Notice
from services.notifications.notifier import Due, Message

LEASE: Final = 60
"""Seconds that a message is hidden from others; longer than its handling takes."""

SLOTS: Final = 128
"""Messages in hand at once: an attempt that waits for its receiver is nothing but a socket."""

LONGEST_DELAY: Final = 900
"""Seconds; SQS's maximum."""

SWEEP_EVERY: Final = 60.0
FORGOTTEN: Final = timedelta(minutes=5)
"""A delivery that is late by more has lost its message."""

log = logging.getLogger(__name__)


class _NotLate(Exception):
    """Another sweeper was first, or the attempt was made."""


@dataclass(slots=True, kw_only=True)
class WebhookDispatcher:
    """Handles `slots` messages at once, `of_team` of one team: as many calls as it may have under way."""

    queue: Queue
    fanout: Fanout
    attempts: Attempts
    email_notifier: EmailNotifier
    now: Clock
    slots: int = SLOTS
    of_team: int = MOST_OF_TEAM
    _teams: Counter[str] = field(default_factory=Counter[str])
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])
    _silence: Complaint = field(default_factory=lambda: Complaint(log))

    async def run(self, stop: asyncio.Event) -> None:
        """Take messages until `stop`, then wait for those in hand."""
        sweeping = asyncio.create_task(self._sweep_on())
        try:
            while not stop.is_set():
                if len(self._tasks) >= self.slots:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                most = min(BATCH, self.slots - len(self._tasks))
                for delivery in await self.queue.receive_or_complain(self._silence, most=most, lease=LEASE):
                    self._begin(delivery)
        finally:
            sweeping.cancel()
            await asyncio.wait({sweeping, *self._tasks})

    async def handle(self, body: str, *, group: str) -> None:
        """Do what a message asks for. Doing it twice equals once."""
        message: Message = msgspec.json.decode(body, type=Message)
        match message:
            case Notice() as notice:
                await self.fanout.spread(notice)
                await self.email_notifier.send(notice)
            case Due() as due:
                again = await self.attempts.make(due.delivery_id)
                if again is not None:
                    await self.queue.send(body, group=group, after=self._delay(again))

    async def sweep(self) -> None:
        """Send a message for each delivery that has lost its own."""
        since = self.now() - FORGOTTEN
        async for record in self.fanout.deliveries.every(DUE_INDEX.name, DUE):
            if record.next_attempt_at is None or record.next_attempt_at > since:
                return
            with suppress(_NotLate):
                delivery = await self.fanout.deliveries.update(record.id, lambda old: self._claimed(old, since))
                log.warning("sending %s again: its attempt is late since %s", record.id, record.next_attempt_at)
                await self.fanout.send(delivery or record)

    def _claimed(self, old: Record, since: datetime) -> Record:
        """Put a late attempt's time to now, so that other sweepers leave it."""
        if old.next_attempt_at is None or old.next_attempt_at > since:
            raise _NotLate
        return replace(old, next_attempt_at=self.now())

    def _delay(self, due: datetime) -> int:
        return min(LONGEST_DELAY, max(0, ceil((due - self.now()).total_seconds())))

    def _begin(self, delivery: Delivery) -> None:
        self._teams[delivery.group] += 1
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._teams.subtract([delivery.group]))
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            if self._teams[delivery.group] > self.of_team:
                await self.queue.send(delivery.body, group=delivery.group, after=1)
            else:
                await self.handle(delivery.body, group=delivery.group)
            await self.queue.delete(delivery.receipt)
        except Exception:
            log.exception("a notification failed; SQS will deliver its message again")

    async def _sweep_on(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.sweep()
            except Exception:
                log.warning("a sweep of %s failed", self.queue.name, exc_info=True)
