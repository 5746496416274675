"""One run of a job: its claim, its fenced writes, and the heartbeat that keeps it."""

import asyncio
import contextvars
import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from msgspec.structs import replace

from services.core.clock import Clock
from services.foundation.aws.calls import at_once
from services.foundation.aws.queue import Queue
from services.foundation.aws.tables import Table
from services.foundation.events.producer import Producer
from services.foundation.jobs.record import JobRecord, Lease

POLL: Final = 0.5
"""Seconds between two looks at the record, so that a cancel reaches a run within a second."""

log = logging.getLogger(__name__)
R = TypeVar("R", bound=JobRecord)


class LeaseLost(Exception):
    """Another run has claimed the job, or it has ended: this run may write nothing more."""


class Interrupt(Enum):
    """Why a run's work is cut short."""

    STOP = "STOP"
    """The record asks for it."""
    LOST = "LOST"
    """The lease is lost."""
    DRAIN = "DRAIN"
    """The worker is stopping."""


class Busy(Exception):
    """Another run holds the job, or it pauses before its next attempt, for `seconds` more at least."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Finished(Exception):
    """The job has ended."""


@dataclass(slots=True, eq=False)
class Run(Generic[R]):
    """One attempt at a job, from its claim on."""

    table: Table[R]
    record: R
    """As last read or written by this run."""
    out: Producer
    """Where its events go."""
    interrupted: Interrupt | None = None
    pending: dict[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the record that the next save writes as well, whoever makes it: also one that ends cut-short work."""
    detached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by a job that goes on for long with little to do, to free its slot."""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something urgent is asked of what it runs; whoever takes it up clears it."""
    _work: "asyncio.Task[None] | None" = None

    @property
    def attempt(self) -> int:
        return self.record.attempt

    async def save(self, **changes: Any) -> R:
        """Write fields of the record, unless another attempt has replaced this one: then LeaseLost.

        The status of a record that was asked to stop says so until its end. Once `finished_at` is to be written,
        nothing interrupts the work any more.
        """
        attempt = self.attempt
        changes = {**self.pending, **changes}
        if "finished_at" in changes:
            self._work = None

        def change(old: R) -> R:
            if old.attempt != attempt or old.finished_at is not None:
                raise LeaseLost
            stopping = old.stop is not None and "finished_at" not in changes
            return replace(
                old, **{name: value for name, value in changes.items() if not (stopping and name == "status")}
            )

        saved = await self.table.update(self.record.id, change)
        if saved is None:
            raise LeaseLost
        self.record = saved
        self.pending.clear()
        return saved

    async def refresh(self) -> None:
        """Read the record again, to see what others wrote. Raises LeaseLost as `save` does."""
        record = await self.table.find(self.record.id)
        if record is None or record.attempt != self.attempt or record.finished_at is not None:
            raise LeaseLost
        self.record = record

    async def perform(self, work: "asyncio.Task[None]") -> None:
        """Wait for the work; an interrupt cancels it."""
        self._work = work
        if self.interrupted:
            work.cancel()
        await work

    def interrupt(self, why: Interrupt) -> None:
        """Cut the work short (on the loop's thread). The first cause counts."""
        if self.interrupted is None:
            self.interrupted = why
            if self._work is not None:
                self._work.cancel()


async def claim(table: Table[R], job_id: str, *, owner: str, lease: float, now: Clock) -> R | None:
    """Take a job for a new attempt, or return None where there is none. Raises Busy or Finished."""

    def change(old: R) -> R:
        moment = now()
        if old.finished_at is not None:
            raise Finished
        pause = None if old.stop or old.is_urgent else old.not_before
        free = max(moment, old.lease.until if old.lease else moment, pause or moment)
        if free > moment:
            raise Busy((free - moment).total_seconds())
        return replace(
            old,
            attempt=old.attempt + 1,
            crashes=old.crashes + (old.lease is not None),
            lease=Lease(owner, moment + timedelta(seconds=lease)),
        )

    return await table.update(job_id, change)


@dataclass(slots=True)
class Heartbeat:
    """A thread that extends a run's lease and its message every third of the lease, and looks for a request to stop.

    It tells the run when something urgent is asked of it. A lost receipt, a lost lease or two missed beats interrupt
    the run.
    """

    run: Run[Any]
    queue: Queue
    receipt: str
    lease: float
    now: Clock
    loop: asyncio.AbstractEventLoop
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        beat = contextvars.copy_context().run  # so that its lines in the log are this job's
        self._thread = threading.Thread(
            target=beat, args=[self._beat_until_done], name=f"heartbeat-{self.run.record.id}", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """End the thread and wait for it, so that nothing of this run writes afterwards."""
        self._done.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _beat_until_done(self) -> None:
        table, job_id, attempt = self.run.table.blocking, self.run.record.id, self.run.attempt
        queue = self.queue.blocking
        beaten = time.monotonic()
        while not self._done.wait(POLL):
            try:
                why = self._look(at_once(table.find(job_id)), attempt)
                if why is not Interrupt.LOST and time.monotonic() - beaten >= self.lease / 3:
                    why = self._beat(table, queue, attempt) or why
                    beaten = time.monotonic()
            except Exception:
                log.warning("a beat of %s failed", job_id, exc_info=True)
                why = Interrupt.LOST if time.monotonic() - beaten >= self.lease * 2 / 3 else None
            if why is not None:
                self.loop.call_soon_threadsafe(self.run.interrupt, why)
                if why is Interrupt.LOST:
                    return

    def _look(self, record: JobRecord | None, attempt: int) -> Interrupt | None:
        if record is None or record.attempt != attempt:
            return Interrupt.LOST
        if record.is_urgent:
            self.loop.call_soon_threadsafe(self.run.called.set)
        return Interrupt.STOP if record.stop else None

    def _beat(self, table: Table[Any], queue: Queue, attempt: int) -> Interrupt | None:
        def change(old: JobRecord) -> JobRecord:
            if old.attempt != attempt or old.finished_at is not None or old.lease is None:
                return old
            return replace(old, lease=replace(old.lease, until=self.now() + timedelta(seconds=self.lease)))

        at_once(table.update(self.run.record.id, change))
        return None if at_once(queue.extend(self.receipt, int(self.lease))) else Interrupt.LOST
