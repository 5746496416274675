"""The worker: it takes jobs from a queue, runs them, and gives back what it cannot end.

SQS delivers at least once, so a job's record decides: a delivery that finds it ended or held by another run has no
effect.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar

from services.core.clock import Clock
from services.core.complaint import Complaint
from services.core.errors import Unavailable
from services.core.instruments import ATTEMPTS, JOB_WAIT
from services.core.logs import fields, noting
from services.core.telemetry import Role, span
from services.foundation.aws.queue import BATCH, LONGEST_DELAY, Delivery, Queue
from services.foundation.aws.tables import Table
from services.foundation.events.port import Closed, EventLog, Fenced
from services.foundation.events.producer import Producer
from services.foundation.jobs.record import JobRecord, Lease
from services.foundation.jobs.run import Busy, Finished, Heartbeat, Interrupt, LeaseLost, Run, claim

MAX_FAILURES: Final = 3
"""Attempts that may fail before the job fails for good."""

MAX_CRASHES: Final = 3
"""Workers that a job may lose before it counts as poison."""

BACKOFF: Final = 2.0
"""Seconds before the first repeat of a failed attempt; doubles each time. A failure may ask for more."""

log = logging.getLogger(__name__)
R = TypeVar("R", bound=JobRecord)


class JobFailed(Exception):
    """The work failed. `code` is a short upper-case reason, `message` a sentence for the person who asked.

    `after` are the seconds before which a repeat is of no use.
    """

    def __init__(self, code: str, message: str, *, retryable: bool, after: float = 0) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.after = after


class Parked(Exception):
    """There is nothing to do for some seconds: then another attempt goes on, in any worker. No slot is held."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Handler(Protocol[R]):
    """What a kind of job does. Each method may run again after a crash and then changes nothing more."""

    @property
    def table(self) -> Table[R]: ...

    async def archived(self, record: R) -> int:
        """Return the seq of the last event that storage has of this job, which its stream goes on from; 0 for none."""
        ...

    def deadline(self, record: R) -> datetime | None:
        """Return when the job fails if it has not ended by then; None for never."""
        ...

    async def work(self, run: Run[R]) -> None:
        """Do the job to its end: artifact, record, terminal event, notification. Raises JobFailed, and Parked."""
        ...

    async def stopped(self, run: Run[R]) -> None:
        """End a job that was asked to stop, now that its work has. Raises Parked where that can't be yet."""
        ...

    async def failed(self, run: Run[R], failure: JobFailed, *, final: bool) -> None:
        """Tell of a failed attempt; when final, end the job."""
        ...

    async def handed_over(self, run: Run[R]) -> None:
        """Tell that another worker will go on."""
        ...

    async def settle(self, record: R) -> None:
        """Do what may be missing after the record of a finished job was written."""
        ...


@dataclass(slots=True, kw_only=True)
class Worker(Generic[R]):
    """Runs the jobs of one queue, `slots` at once, until asked to stop."""

    queue: Queue
    handler: Handler[R]
    events: EventLog
    slots: int
    lease: float
    grace: float
    now: Clock
    new_owner: Callable[[], str]
    per_team: int = 0
    """The most jobs of one team at once in this worker; 0 for half of the slots."""
    _teams: Counter[str] = field(default_factory=Counter[str])
    _runs: set[Run[Any]] = field(default_factory=set[Run[Any]])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _silence: Complaint = field(default_factory=lambda: Complaint(log))

    async def run(self, stop: asyncio.Event) -> None:
        """Take jobs until `stop`, then drain: wait for running jobs as long as the grace lasts, hand over the rest."""
        slots = asyncio.Semaphore(self.slots)
        while not stop.is_set():
            await slots.acquire()
            most = 1
            while most < BATCH and not slots.locked():
                await slots.acquire()
                most += 1
            deliveries = await self.queue.receive_or_complain(self._silence, most=most, lease=int(self.lease))
            for _ in range(most - len(deliveries)):
                slots.release()
            for delivery in deliveries:
                if stop.is_set():
                    with _left_to_sqs(delivery):
                        await self.queue.give_back(delivery.receipt)
                    slots.release()
                elif self._teams[delivery.group] >= (self.per_team or max(1, self.slots // 2)):
                    await self._put_off(delivery)
                    slots.release()
                else:
                    self._begin(delivery, slots)
        await self._drain()

    async def _put_off(self, delivery: Delivery) -> None:
        """Move a message to the end of the queue, so that a team with many jobs does not delay another's."""
        with _left_to_sqs(delivery):
            await self.queue.send(delivery.body, group=delivery.group, after=1)
            await self.queue.delete(delivery.receipt)

    def _begin(self, delivery: Delivery, slots: asyncio.Semaphore) -> None:
        def release() -> None:
            self._teams[delivery.group] -= 1
            slots.release()

        self._teams[delivery.group] += 1
        free = _Once(release)
        task = asyncio.create_task(self._deliver(delivery, free))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: free())

    async def _drain(self) -> None:
        for run in self._runs:
            if run.detached.is_set():
                run.interrupt(Interrupt.DRAIN)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.grace)
        for run in self._runs:
            run.interrupt(Interrupt.DRAIN)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _deliver(self, delivery: Delivery, free: "_Once") -> None:
        with noting(jobId=delivery.body):
            try:
                if await self._process(delivery, free):
                    await self.queue.delete(delivery.receipt)
            except Exception:
                log.exception("a delivery of %s failed; SQS will deliver it again", delivery.body)

    async def _process(self, delivery: Delivery, free: "_Once") -> bool:
        """Return whether the message is done with; otherwise another run has the job, and its message."""
        job_id, table = delivery.body, self.handler.table
        try:
            record = await claim(table, job_id, owner=self.new_owner(), lease=self.lease, now=self.now)
        except Busy as busy:
            await self.queue.give_back(delivery.receipt, after=int(busy.seconds) + 1)
            return False
        except Finished:
            ended = await table.find(job_id)
            if ended is not None:
                await self.handler.settle(ended)
            return True
        if record is None:
            return True
        base = await self.handler.archived(record)
        with noting(attempt=record.attempt):
            began, queue = time.perf_counter(), {"messaging.destination.name": self.queue.name}
            if record.attempt == 1:
                JOB_WAIT.record((self.now() - record.created_at).total_seconds(), queue)
            which = {**queue, "snapinfra.job": job_id, "snapinfra.attempt": record.attempt}
            with span("process", Role.CONSUMER, which, parent=record.traceparent) as attempt:
                async with Producer(self.events, job_id, attempt=record.attempt, base=base) as out:
                    run = Run(table, record, out)
                    done = await self._hold(run, delivery, lambda: (attempt.end(), free()))
            seconds = time.perf_counter() - began
            ATTEMPTS.record(seconds, {**queue, "snapinfra.done": done})
            log.info("attempt ended", extra=fields(durationMs=round(seconds * 1000), done=done))
            return done

    async def _hold(self, run: Run[R], delivery: Delivery, detached: Callable[[], object]) -> bool:
        loop = asyncio.get_running_loop()
        heartbeat = Heartbeat(run, self.queue, delivery.receipt, self.lease, self.now, loop)
        self._runs.add(run)
        heartbeat.start()
        try:
            async with _waiting_for(run.detached, detached):
                await self._attempt(run)
        except (LeaseLost, Fenced, Closed):
            log.warning("attempt %d of %s was replaced by another", run.attempt, run.record.id)
            return False
        else:
            return True
        finally:
            self._runs.discard(run)
            await heartbeat.stop()

    async def _attempt(self, run: Run[R]) -> None:
        if run.record.stop:
            await self._stop(run)
        elif run.record.crashes >= MAX_CRASHES:
            await self._poisonous(run)
        else:
            await self._perform(run)

    async def _poisonous(self, run: Run[R]) -> None:
        """End a job that has lost too many workers; one that runs on without us is left alone for a while."""
        if run.record.runs_without_us:
            await self._park(run, LONGEST_DELAY, crashes=0)
            return
        lost = JobFailed("WORKER_LOST", "The worker was lost each time it ran this.", retryable=False)
        await self.handler.failed(run, lost, final=True)
        await self.queue.bury(run.record.id)

    async def _perform(self, run: Run[R]) -> None:
        limit = asyncio.timeout(self._remaining(run.record))
        try:
            async with limit, _waiting_for(run.detached, lambda: limit.reschedule(None)):
                await run.perform(asyncio.create_task(self.handler.work(run)))
        except asyncio.CancelledError:
            if run.interrupted is None:
                raise
            await self._interrupted(run)
        except Parked as parked:
            await self._park(run, parked.seconds, crashes=0, failures=0)
        except JobFailed as failure:
            await self._failed(run, failure)
        except (LeaseLost, Fenced, Closed):
            raise
        except Unavailable:
            log.warning("attempt %d of %s could not go on", run.attempt, run.record.id, exc_info=True)
            message = "A part of Snapinfra does not answer."
            await self._failed(run, JobFailed("INTERNAL", message, retryable=True))
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                late = JobFailed("TIMED_OUT", "This took longer than it may.", retryable=False)
                await self._failed(run, late)
                return
            log.exception("%s failed by a mistake of ours", run.record.id)
            await self._failed(run, JobFailed("INTERNAL", "Something went wrong on our side.", retryable=True))

    def _remaining(self, record: R) -> float | None:
        deadline = self.handler.deadline(record)
        return None if deadline is None else (deadline - self.now()).total_seconds()

    async def _interrupted(self, run: Run[R]) -> None:
        match run.interrupted:
            case Interrupt.STOP:
                await run.refresh()
                await self._stop(run)
            case Interrupt.DRAIN:
                await self.handler.handed_over(run)
                await run.out.flush()
                await run.save(lease=None)
                await self._requeue(run.record)
            case _:
                with suppress(
                    LeaseLost
                ):  # where only the receipt is lost, the next delivery need not wait for the lease
                    await run.save(lease=None)
                raise LeaseLost

    async def _failed(self, run: Run[R], failure: JobFailed) -> None:
        """Repeat a failed attempt after a pause, which nobody holds a slot for; or end the job."""
        failures = run.record.failures + 1
        pause = math.ceil(max(BACKOFF * 2 ** (failures - 1), failure.after))
        remaining = self._remaining(run.record)
        is_in_time = remaining is None or pause < remaining
        final = not (failure.retryable and failures < MAX_FAILURES and is_in_time)
        await self.handler.failed(run, failure, final=final)
        if not final:
            await self._park(run, pause, failures=failures)

    async def _park(self, run: Run[R], seconds: int, **changes: Any) -> None:
        """Let the job wait in its queue for its next attempt."""
        await run.out.flush()
        await run.save(lease=None, not_before=self.now() + timedelta(seconds=seconds), **changes)
        if run.record.stop:  # from before that save: once no run holds the job, who cancels it ends it
            await run.save(lease=Lease(self.new_owner(), self.now() + timedelta(seconds=self.lease)))
            await self._stop(run)
        else:
            await self._requeue(run.record, after=0 if run.record.is_urgent else seconds)

    async def _stop(self, run: Run[R]) -> None:
        try:
            await self.handler.stopped(run)
        except Parked as parked:
            await run.out.flush()
            await run.save(lease=None)
            await self._requeue(run.record, after=parked.seconds)

    async def _requeue(self, record: JobRecord, *, after: int = 0) -> None:
        """Put a fresh message in: unlike a message given back, it does not count towards the dead-letter queue.

        One that comes before its time, as no message waits for longer than LONGEST_DELAY, is put in again.
        """
        await self.queue.send(record.id, group=record.team_id, after=min(after, LONGEST_DELAY))


@dataclass(slots=True)
class _Once:
    """Calls something at most once."""

    action: Callable[[], None]
    done: bool = False

    def __call__(self) -> None:
        if not self.done:
            self.done = True
            self.action()


@contextmanager
def _left_to_sqs(delivery: Delivery) -> Generator[None]:
    """Go on where a message could not be returned: its receipt may be stale, or SQS away. It will come again."""
    try:
        yield
    except Exception:
        log.warning("a delivery of %s could not be returned", delivery.body, exc_info=True)


@asynccontextmanager
async def _waiting_for(event: asyncio.Event, action: Callable[[], object]) -> AsyncGenerator[None]:
    """Call something once the event is set, if that is within the block."""

    async def act() -> None:
        await event.wait()
        action()

    task = asyncio.create_task(act())
    try:
        yield
    finally:
        task.cancel()
