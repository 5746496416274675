"""The sweeper: it looks for jobs that nobody has heard of for long, so that none stays open for ever.

A job may be forgotten where its message was never sent, or was buried, or its worker and its message went together. The
sweeper sends a fresh message, which does no harm to a job that is well, ends jobs whose deadline has passed, and
settles those whose end nobody has announced.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from msgspec.structs import replace

from services.core.clock import Clock
from services.core.frozen import frozen
from services.foundation.aws.queue import Queue
from services.foundation.events.port import EventLog
from services.foundation.events.producer import Producer
from services.foundation.jobs.record import ENDED, OPEN, OPEN_INDEX, JobRecord
from services.foundation.jobs.run import Busy, Finished, Run, claim
from services.foundation.jobs.worker import Handler, JobFailed

log = logging.getLogger(__name__)
R = TypeVar("R", bound=JobRecord)


@frozen(kw_only=True)
class Sweeper(Generic[R]):
    """Sweeps one kind of job every `quiet` seconds; a job that was not written for that long is looked at.

    `quiet` must be longer than a lease: a heartbeat writes the record every third of it.
    """

    queue: Queue
    handler: Handler[R]
    events: EventLog
    quiet: float
    lease: float
    now: Clock

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop`."""
        while not stop.is_set():
            try:
                await self.sweep(stop)
            except Exception:
                log.warning("a sweep of %s failed", self.queue.name, exc_info=True)
            try:
                async with asyncio.timeout(self.quiet):
                    await stop.wait()
            except TimeoutError:
                continue

    async def sweep(self, stop: asyncio.Event | None = None) -> None:
        """Look once at the jobs that nobody has heard of, those silent for longest first, until `stop`."""
        since = self.now() - timedelta(seconds=self.quiet)
        async for record in self._quiet(OPEN, since, stop):
            deadline = self.handler.deadline(record)
            if deadline is not None and deadline < self.now():
                await self._end(record)
            else:
                await self._send_again(record, since)
        async for record in self._quiet(ENDED, since, stop):
            await self._settle(record)

    async def _quiet(self, state: str, since: datetime, stop: asyncio.Event | None) -> AsyncGenerator[R]:
        async for record in self.handler.table.every(OPEN_INDEX.name, state):
            if record.updated_at > since or (stop is not None and stop.is_set()):
                return
            yield record

    async def _settle(self, record: R) -> None:
        try:
            await self.handler.settle(record)
        except Exception:
            log.warning("%s has ended and can not be settled yet", record.id, exc_info=True)

    async def _send_again(self, record: R, since: datetime) -> None:
        """Send a fresh message; writing the record first keeps other sweepers from doing the same."""
        moment = self.now()

        def touched(old: R) -> R:
            held = old.lease is not None and old.lease.until > moment
            pauses = old.not_before is not None and old.not_before > since
            return old if old.finished_at or held or pauses or old.updated_at > since else replace(old)

        if (stored := await self.handler.table.update(record.id, touched)) and stored.updated_at >= moment:
            log.warning("sending %s again: nobody has heard of it since %s", record.id, record.updated_at)
            await self.queue.send(record.id, group=record.team_id)

    async def _end(self, record: R) -> None:
        table = self.handler.table
        try:
            held = await claim(table, record.id, owner=uuid.uuid4().hex, lease=self.lease, now=self.now)
        except (Busy, Finished):
            return
        if held is None:
            return
        late = JobFailed("TIMED_OUT", "This did not end in the time that it may take.", retryable=False)
        base = await self.handler.archived(held)
        async with Producer(self.events, held.id, attempt=held.attempt, base=base) as out:
            await self.handler.failed(Run(table, held, out), late, final=True)
