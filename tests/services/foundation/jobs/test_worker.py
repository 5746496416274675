"""What the worker promises, with a real queue, a real table and a job that does what a test says."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

import pytest
from msgspec.structs import replace

from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId, UserId
from services.core.pages import PageRequest
from services.foundation.aws.clients import Aws
from services.foundation.aws.provision import QueueSpec, Resources, provision
from services.foundation.aws.queue import LONGEST_DELAY, Queue
from services.foundation.aws.spec import Stays, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.events.memory import MemoryLog
from services.foundation.jobs.record import (
    ENDED,
    OPEN,
    OPEN_INDEX,
    Announced,
    JobRecord,
    Lease,
    StopCause,
    announcing,
    end_of_job,
)
from services.foundation.jobs.run import Interrupt, LeaseLost, Run
from services.foundation.jobs.sweeper import Sweeper
from services.foundation.jobs.worker import MAX_CRASHES, MAX_FAILURES, JobFailed, Worker

LEASE = 3


class Progress(Enum):
    WAITING = "WAITING"
    WORKING = "WORKING"
    CANCELING = "CANCELING"


class Chore(JobRecord, frozen=True, kw_only=True, rename="camel"):
    status: Progress = Progress.WAITING
    ending: str | None = None
    lives: bool = False

    @property
    def runs_without_us(self) -> bool:
        return self.lives


CHORES = TableSpec("chores", Chore, fate=(Stays("It is a test's."),), indexes=(OPEN_INDEX,))

Work = Callable[[Run[Chore]], Awaitable[None]]


@dataclass
class Chores:
    """A handler whose work is what the test says; it notes what the worker asks of it."""

    table: Table[Chore]
    does: Work
    lasts: timedelta | None = None
    """How long a job may take, from when it was asked for."""
    notes: list[str] = field(default_factory=list[str])
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def archived(self, record: Chore) -> int:
        del record
        return 0

    def deadline(self, record: Chore) -> datetime | None:
        return record.created_at + self.lasts if self.lasts else None

    async def work(self, run: Run[Chore]) -> None:
        await self.note(f"work {run.attempt}")
        await self.does(run)
        await self.end(run, "done")

    async def stopped(self, run: Run[Chore]) -> None:
        await self.end(run, f"stopped {run.record.stop.value if run.record.stop else ''}")

    async def failed(self, run: Run[Chore], failure: JobFailed, *, final: bool) -> None:
        await self.note(f"failed {failure.code}{' for good' if final else ''}")
        if final:
            await self.end(run, failure.code)

    async def handed_over(self, run: Run[Chore]) -> None:
        await self.note(f"handed over {run.attempt}")

    async def settle(self, record: Chore) -> None:
        with suppress(Announced):
            await self.table.update(record.id, announcing(utc_now))
        await self.note(f"settled {record.ending}")

    async def end(self, run: Run[Chore], ending: str) -> None:
        await run.save(ending=ending, **end_of_job(utc_now))
        await run.out.close(ending.encode())
        with suppress(Announced):  # by a duplicate that came between the record's end and this
            await self.table.update(run.record.id, announcing(utc_now))
        await self.note(ending)

    async def note(self, what: str) -> None:
        async with self.changed:
            self.notes.append(what)
            self.changed.notify_all()

    async def noted(self, what: str, *, times: int = 1) -> None:
        """Wait until something was noted."""
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: self.notes.count(what) >= times)


@frozen
class Yard:
    """A queue, a table and a log, with any number of workers."""

    queue: Queue
    table: Table[Chore]
    log: MemoryLog

    async def ask(self, **fields: object) -> str:
        """Store a job and put its message into the queue."""
        now = utc_now()
        given = {"project_id": ProjectId("p"), "user_id": UserId("u"), "team_id": TeamId("t"), "open": OPEN, **fields}
        chore = Chore(id=f"chore_{uuid.uuid4().hex}", created_at=now, updated_at=now, **given)  # pyright: ignore[reportArgumentType] - a test's own fields
        await self.table.put_new(chore)
        await self.send(chore.id, team=chore.team_id)
        return chore.id

    async def send(self, job_id: str, *, team: str = "t") -> None:
        await self.queue.send(job_id, group=team)

    async def found(self, job_id: str) -> Chore:
        chore = await self.table.find(job_id)
        assert chore is not None
        return chore

    @asynccontextmanager
    async def worker(self, chores: Chores, *, grace: float = 5, lease: float = LEASE) -> AsyncGenerator[asyncio.Event]:
        """Run a worker for the length of the block; the event stops it before."""
        worker = Worker(
            queue=self.queue,
            handler=chores,
            events=self.log,
            slots=4,
            lease=lease,
            grace=grace,
            now=utc_now,
            new_owner=lambda: uuid.uuid4().hex,
        )
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop))
        try:
            yield stop
        finally:
            stop.set()
            await task


@pytest.fixture
def yard(aws: Aws) -> Yard:
    name = f"chores-{uuid.uuid4().hex}"
    provision(aws, Resources([(name, CHORES)], [QueueSpec(name, visibility=60)], name, name))
    return Yard(
        Queue(aws=aws, name=name, wait=1), Table(aws=aws, spec=CHORES, name=name, now=utc_now), MemoryLog(utc_now)
    )


async def nothing(run: Run[Chore]) -> None:
    del run


async def for_ever(run: Run[Chore]) -> None:
    del run
    await asyncio.Event().wait()


async def test_a_job_runs_once_and_its_message_is_gone(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    async with yard.worker(chores):
        job_id = await yard.ask()
        await chores.noted("done")

    record = await yard.found(job_id)
    assert (record.ending, record.attempt, record.lease) == ("done", 1, None)
    assert await yard.queue.receive(most=10, lease=1) == []


async def test_a_message_delivered_twice_has_one_effect(yard: Yard) -> None:
    gate = asyncio.Event()

    async def wait(run: Run[Chore]) -> None:
        del run
        await gate.wait()

    chores = Chores(yard.table, wait)
    async with yard.worker(chores):
        job_id = await yard.ask()
        await chores.noted("work 1")
        for _ in range(3):
            await yard.send(job_id)
        async with asyncio.timeout(30):
            while (await yard.queue.depth()).waiting:  # noqa: ASYNC110 - until the worker has received them
                await asyncio.sleep(0.05)
        gate.set()
        await chores.noted("settled done", times=3)

    assert chores.notes.count("work 1") == 1
    assert (await yard.found(job_id)).attempt == 1


async def test_a_job_whose_worker_is_lost_is_taken_by_another_that_fences_the_first(yard: Yard) -> None:
    frozen = asyncio.Event()

    async def freeze(run: Run[Chore]) -> None:
        await yard.table.update(  # as if the worker had been paused for longer than its lease
            run.record.id,
            lambda old: replace(old, lease=Lease("lost", utc_now() - timedelta(seconds=1)), attempt=old.attempt),
        )
        frozen.set()
        await asyncio.Event().wait()

    first, second = Chores(yard.table, freeze), Chores(yard.table, nothing)
    async with yard.worker(first, lease=60, grace=60) as stop_first:  # so that no heartbeat comes meanwhile
        job_id = await yard.ask()
        await frozen.wait()
        stop_first.set()
        async with yard.worker(second):
            await yard.send(job_id)
            await second.noted("done")

    record = await yard.found(job_id)
    assert (record.ending, record.attempt, record.crashes) == ("done", 2, 1)
    assert "done" not in first.notes
    assert [entry.data for entry in (await yard.log.read(job_id, after=0)).entries] == [b"done"]


async def test_a_zombies_writes_are_refused(yard: Yard) -> None:
    refused = asyncio.Event()

    async def write_late(run: Run[Chore]) -> None:
        await yard.table.update(run.record.id, lambda old: replace(old, attempt=old.attempt + 1))  # another's claim
        with pytest.raises(LeaseLost):
            await run.save(ending="by a zombie")
        refused.set()
        raise LeaseLost

    chores = Chores(yard.table, write_late)
    async with yard.worker(chores), asyncio.timeout(30):
        job_id = await yard.ask()
        await refused.wait()

    assert (await yard.found(job_id)).ending is None


async def test_a_run_whose_job_another_has_claimed_is_cut_short(yard: Yard) -> None:
    cut = asyncio.Event()

    async def wait_until_cut(run: Run[Chore]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            assert run.interrupted is Interrupt.LOST
            cut.set()

    chores = Chores(yard.table, wait_until_cut)
    async with yard.worker(chores), asyncio.timeout(30):
        job_id = await yard.ask()
        await chores.noted("work 1")
        await yard.table.update(job_id, lambda old: replace(old, attempt=old.attempt + 1))
        await cut.wait()

    assert chores.notes == ["work 1"]


async def test_a_cancel_reaches_a_running_job(yard: Yard) -> None:
    chores = Chores(yard.table, for_ever)
    async with yard.worker(chores):
        job_id = await yard.ask()
        await chores.noted("work 1")
        await yard.table.update(job_id, lambda old: replace(old, stop=StopCause.CANCELED))
        await chores.noted("stopped CANCELED")

    record = await yard.found(job_id)
    assert (record.ending, record.attempt) == ("stopped CANCELED", 1)


async def test_a_job_asked_to_stop_before_it_begins_never_works(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    async with yard.worker(chores):
        await yard.ask(stop=StopCause.CANCELED)
        await chores.noted("stopped CANCELED")

    assert chores.notes == ["stopped CANCELED"]


async def test_a_failure_that_may_pass_is_repeated_and_then_counts(yard: Yard) -> None:
    async def fail(run: Run[Chore]) -> None:
        del run
        raise JobFailed("FLAKY", "It failed.", retryable=True)

    chores = Chores(yard.table, fail)
    async with yard.worker(chores):
        job_id = await yard.ask(failures=MAX_FAILURES - 2)
        await chores.noted("FLAKY")

    assert chores.notes == ["work 1", "failed FLAKY", "work 2", "failed FLAKY for good", "FLAKY"]
    assert (await yard.found(job_id)).ending == "FLAKY"


async def test_a_failure_that_says_how_long_it_lasts_is_repeated_no_sooner(yard: Yard) -> None:
    times: list[datetime] = []

    async def fail_once(run: Run[Chore]) -> None:
        times.append(utc_now())
        if run.attempt == 1:
            raise JobFailed("LIMITED", "Not so fast.", retryable=True, after=3.2)

    chores = Chores(yard.table, fail_once)
    async with yard.worker(chores):
        job_id = await yard.ask()
        await chores.noted("failed LIMITED")
        await yard.send(job_id)  # a duplicate
        await chores.noted("done")

    first, second = times
    assert second - first >= timedelta(seconds=3.2)
    assert (await yard.found(job_id)).attempt == 2


async def test_a_cancel_that_comes_as_an_attempt_fails_does_not_wait_for_the_next_one(yard: Yard) -> None:
    async def fail_as_it_is_canceled(run: Run[Chore]) -> None:
        await yard.table.update(run.record.id, lambda old: replace(old, stop=StopCause.CANCELED))
        raise JobFailed("LIMITED", "Not so fast.", retryable=True, after=600)

    chores = Chores(yard.table, fail_as_it_is_canceled)
    async with yard.worker(chores):
        job_id = await yard.ask()
        await chores.noted("stopped CANCELED")

    assert chores.notes == ["work 1", "failed LIMITED", "stopped CANCELED"]
    assert (await yard.found(job_id)).ending == "stopped CANCELED"
    assert await yard.queue.receive(most=10, lease=1) == []


async def test_a_job_asked_to_stop_does_not_pause(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    async with yard.worker(chores):
        await yard.ask(failures=1, not_before=utc_now() + timedelta(seconds=600), stop=StopCause.CANCELED)
        await chores.noted("stopped CANCELED")

    assert chores.notes == ["stopped CANCELED"]


async def test_a_failure_that_lasts_longer_than_the_job_may_wait_is_final(yard: Yard) -> None:
    async def fail(run: Run[Chore]) -> None:
        del run
        raise JobFailed("LIMITED", "Not so fast.", retryable=True, after=60)

    chores = Chores(yard.table, fail, lasts=timedelta(seconds=30))
    async with yard.worker(chores):
        job_id = await yard.ask()
        await chores.noted("LIMITED")

    assert chores.notes == ["work 1", "failed LIMITED for good", "LIMITED"]
    assert (await yard.found(job_id)).not_before is None


async def test_the_sweeper_leaves_a_job_alone_that_pauses(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    job_id = await yard.ask(failures=1, not_before=utc_now() + timedelta(seconds=60))
    before = await yard.found(job_id)
    (message,) = await yard.queue.receive(most=1, lease=30)
    await yard.queue.delete(message.receipt)

    await sweeper(yard, chores).sweep()

    assert await yard.found(job_id) == before
    assert await yard.queue.receive(most=10, lease=1) == []


async def test_a_final_failure_is_not_repeated(yard: Yard) -> None:
    async def fail(run: Run[Chore]) -> None:
        del run
        raise JobFailed("BAD", "It failed.", retryable=False)

    chores = Chores(yard.table, fail)
    async with yard.worker(chores):
        await yard.ask()
        await chores.noted("BAD")

    assert chores.notes == ["work 1", "failed BAD for good", "BAD"]


async def test_a_job_that_loses_every_worker_ends_as_poison(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    async with yard.worker(chores):
        expired = Lease("lost", utc_now() - timedelta(seconds=1))
        job_id = await yard.ask(lease=expired, crashes=MAX_CRASHES - 1, attempt=2)
        await chores.noted("WORKER_LOST")

    assert (await yard.found(job_id)).ending == "WORKER_LOST"
    assert "work 3" not in chores.notes


async def test_what_runs_without_us_is_left_alone_by_a_job_that_loses_every_worker(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    async with yard.worker(chores), asyncio.timeout(30):
        expired = Lease("lost", utc_now() - timedelta(seconds=1))
        job_id = await yard.ask(lease=expired, crashes=MAX_CRASHES - 1, attempt=2, lives=True)
        while (record := await yard.found(job_id)).attempt < 3 or record.lease is not None:  # noqa: ASYNC110 - a worker writes it
            await asyncio.sleep(0.1)

    assert (record.ending, record.crashes, chores.notes) == (None, 0, [])
    assert record.not_before is not None
    assert record.not_before - utc_now() > timedelta(seconds=LONGEST_DELAY - 30)


async def test_a_failure_may_ask_for_a_longer_pause_than_a_message_can_wait(yard: Yard) -> None:
    async def fail(run: Run[Chore]) -> None:
        del run
        raise JobFailed("LIMITED", "Not today.", retryable=True, after=4 * LONGEST_DELAY)

    chores = Chores(yard.table, fail, lasts=timedelta(days=1))
    async with yard.worker(chores), asyncio.timeout(30):
        job_id = await yard.ask()
        await chores.noted("failed LIMITED")
        while (record := await yard.found(job_id)).lease is not None:  # noqa: ASYNC110 - a worker writes it
            await asyncio.sleep(0.1)

    assert record.not_before is not None
    assert record.not_before - utc_now() > timedelta(seconds=4 * LONGEST_DELAY - 30)


async def test_a_worker_that_stops_hands_its_job_over_without_counting_it(yard: Yard) -> None:
    first, second = Chores(yard.table, for_ever), Chores(yard.table, nothing)
    async with yard.worker(first, grace=0) as stop:
        job_id = await yard.ask()
        await first.noted("work 1")
        stop.set()
        await first.noted("handed over 1")
    async with yard.worker(second):
        await second.noted("done")

    record = await yard.found(job_id)
    assert (record.attempt, record.failures, record.crashes) == (2, 0, 0)
    assert second.notes == ["work 2", "done"]


async def test_a_long_job_keeps_its_lease(yard: Yard) -> None:
    gate = asyncio.Event()
    leases: list[Lease | None] = []

    async def outlast(run: Run[Chore]) -> None:
        first = run.record.lease
        while (now := (await yard.found(run.record.id)).lease) == first:  # noqa: ASYNC110 - another thread moves it
            await asyncio.sleep(0.05)
        leases.extend([first, now])
        gate.set()

    chores = Chores(yard.table, outlast)
    async with yard.worker(chores), asyncio.timeout(30):
        await yard.ask()
        await gate.wait()
        await chores.noted("done")

    before, after = leases
    assert before is not None
    assert after is not None
    assert after.until > before.until
    assert chores.notes == ["work 1", "done"]


async def test_a_job_that_is_detached_frees_its_slot(yard: Yard) -> None:
    async def detach(run: Run[Chore]) -> None:
        run.detached.set()
        await asyncio.Event().wait()

    chores = Chores(yard.table, detach)
    async with yard.worker(chores, grace=5):
        for _ in range(6):  # more than there are slots
            await yard.ask()
        await chores.noted("work 1", times=6)

    assert chores.notes.count("handed over 1") == 6


async def test_a_job_that_takes_longer_than_it_may_fails(yard: Yard) -> None:
    chores = Chores(yard.table, for_ever, lasts=timedelta(seconds=1))
    async with yard.worker(chores):
        await yard.ask()
        await chores.noted("TIMED_OUT")

    assert chores.notes == ["work 1", "failed TIMED_OUT for good", "TIMED_OUT"]


async def test_one_teams_many_jobs_do_not_delay_anothers_one(yard: Yard) -> None:
    chores = Chores(yard.table, for_ever)
    async with yard.worker(chores, grace=0):
        for _ in range(6):  # more than there are slots
            await yard.ask(team_id="busy")
        await chores.noted("work 1", times=2)
        other = await yard.ask(team_id="patient")
        async with asyncio.timeout(30):
            while (await yard.found(other)).attempt == 0:  # noqa: ASYNC110 - a worker writes it
                await asyncio.sleep(0.1)

    assert (await yard.found(other)).attempt == 1


async def test_a_poison_job_is_buried(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    async with yard.worker(chores):
        expired = Lease("lost", utc_now() - timedelta(seconds=1))
        job_id = await yard.ask(lease=expired, crashes=MAX_CRASHES - 1, attempt=2)
        await chores.noted("WORKER_LOST")

    assert [delivery.body for delivery in await yard.queue.dead.receive(most=10, lease=1)] == [job_id]


def sweeper(yard: Yard, chores: Chores) -> Sweeper[Chore]:
    return Sweeper(queue=yard.queue, handler=chores, events=yard.log, quiet=0, lease=LEASE, now=utc_now)


async def test_a_job_whose_message_was_lost_is_sent_again(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    job_id = await yard.ask()
    (lost,) = await yard.queue.receive(most=1, lease=30)
    await yard.queue.delete(lost.receipt)

    await sweeper(yard, chores).sweep()
    async with yard.worker(chores):
        await chores.noted("done")

    assert (await yard.found(job_id)).attempt == 1


async def test_a_job_past_its_deadline_is_ended_by_the_sweeper(yard: Yard) -> None:
    chores = Chores(yard.table, nothing, lasts=timedelta(seconds=-1))
    job_id = await yard.ask()

    await sweeper(yard, chores).sweep()
    await sweeper(yard, chores).sweep()

    assert (await yard.found(job_id)).ending == "TIMED_OUT"
    assert chores.notes == ["failed TIMED_OUT for good", "TIMED_OUT"]


async def test_a_job_that_has_ended_is_no_longer_open(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    async with yard.worker(chores):
        job_id = await yard.ask()
        await chores.noted("done")

    for state in (OPEN, ENDED):
        assert (await yard.table.query(OPEN_INDEX.name, state, PageRequest())).items == []
    assert (await yard.found(job_id)).notified_at is not None


async def test_an_end_that_nobody_has_announced_is_settled_by_the_sweeper_once(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    job_id = await yard.ask(ending="done", **end_of_job(utc_now))

    await sweeper(yard, chores).sweep()
    await sweeper(yard, chores).sweep()

    assert chores.notes == ["settled done"]
    assert (await yard.found(job_id)).open is None


async def test_a_job_that_is_detached_outlasts_its_deadline(yard: Yard) -> None:
    late = asyncio.Event()

    async def outlast(run: Run[Chore]) -> None:
        run.detached.set()
        await asyncio.sleep(1.5)  # longer than the job may take
        late.set()

    chores = Chores(yard.table, outlast, lasts=timedelta(seconds=1))
    async with yard.worker(chores):
        await yard.ask()
        await chores.noted("done")

    assert late.is_set()


async def test_a_request_to_stop_is_not_overwritten_by_a_run_that_has_not_seen_it(yard: Yard) -> None:
    statuses: list[Progress] = []

    async def ask_and_go_on(run: Run[Chore]) -> None:
        await yard.table.update(
            run.record.id, lambda old: replace(old, stop=StopCause.CANCELED, status=Progress.CANCELING)
        )
        await run.save(status=Progress.WORKING)
        statuses.append(run.record.status)
        await asyncio.Event().wait()

    chores = Chores(yard.table, ask_and_go_on)
    async with yard.worker(chores):
        await yard.ask()
        await chores.noted("stopped CANCELED")

    assert statuses == [Progress.CANCELING]


async def test_the_sweeper_leaves_running_and_ended_jobs_alone(yard: Yard) -> None:
    chores = Chores(yard.table, nothing)
    held = Lease("worker", utc_now() + timedelta(seconds=60))
    running = await yard.ask(lease=held)
    ended = await yard.ask(**end_of_job(utc_now) | {"open": None})
    before = [await yard.found(job_id) for job_id in (running, ended)]
    for delivery in await yard.queue.receive(most=10, lease=30):
        await yard.queue.delete(delivery.receipt)

    await sweeper(yard, chores).sweep()

    assert [await yard.found(job_id) for job_id in (running, ended)] == before
    assert await yard.queue.receive(most=10, lease=1) == []
