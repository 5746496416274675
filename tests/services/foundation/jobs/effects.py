"""A kind of job whose effects are counted, and the place where it runs: a fake SQS, a real table."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId, UserId
from services.foundation.aws.queue import Queue
from services.foundation.aws.spec import Stays, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import Closed, Fenced
from services.foundation.jobs.record import OPEN_INDEX, JobRecord, end_of_job
from services.foundation.jobs.run import Run
from services.foundation.jobs.worker import JobFailed, Worker
from tests.fakes.sqs import FakeQueue, FakeSQS

PIECES = (b"once ", b"and ", b"no more")
"""What each job says before its end."""


class Errand(JobRecord, frozen=True, kw_only=True, rename="camel"):
    artifact: str | None = None
    """The name of what the run that counts has made."""


ERRANDS = TableSpec("errands", Errand, fate=(Stays("It is a test's."),), indexes=(OPEN_INDEX,))

Work = Callable[[Run[Errand]], Awaitable[None]]


async def nothing(run: Run[Errand]) -> None:
    del run


@dataclass
class Errands:
    """The handler. It does its steps in the order that the product's handlers do: artifact, record, event, notice."""

    table: Table[Errand]
    log: MemoryLog
    does: Work = nothing
    begun: Counter[str] = field(default_factory=Counter[str])
    """Runs, by job."""
    ended: Counter[str] = field(default_factory=Counter[str])
    """Records that a run or a cancel has ended, by job."""
    notified: Counter[str] = field(default_factory=Counter[str])
    settled: Counter[str] = field(default_factory=Counter[str])
    """Deliveries of a job that had ended."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def archived(self, record: Errand) -> int:
        del record
        return 0

    def deadline(self, record: Errand) -> datetime | None:
        del record
        return None

    async def work(self, run: Run[Errand]) -> None:
        await self._count(self.begun, run.record.id)
        await self.does(run)
        for piece in PIECES:
            await run.out.put(piece)
        await run.out.flush()
        await self._end(run)

    async def stopped(self, run: Run[Errand]) -> None:
        await self._end(run)

    async def failed(self, run: Run[Errand], failure: JobFailed, *, final: bool) -> None:
        del failure
        if final:
            await self._end(run)

    async def handed_over(self, run: Run[Errand]) -> None:
        del run

    async def settle(self, record: Errand) -> None:
        try:
            await self.log.append(record.id, [b"."], attempt=record.attempt + 1, producer_seq=1, close=True)
        except (Closed, Fenced):
            pass
        else:
            await self._count(self.notified, record.id)
        await self._count(self.settled, record.id)

    async def until(self, is_true: Callable[[], bool], *, seconds: float = 30) -> None:
        """Wait until something is true of what was counted."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(is_true)

    async def _end(self, run: Run[Errand]) -> None:
        await run.save(artifact=f"attempt-{run.attempt}", **end_of_job(utc_now))
        await self._count(self.ended, run.record.id)
        await run.out.close(b".")
        await self._count(self.notified, run.record.id)

    async def _count(self, what: Counter[str], job_id: str) -> None:
        async with self._changed:
            what[job_id] += 1
            self._changed.notify_all()


@frozen
class Town:
    """Where errands are run."""

    sqs: FakeSQS
    queue: Queue
    table: Table[Errand]
    log: MemoryLog

    @property
    def messages(self) -> FakeQueue:
        return self.sqs.queues[self.queue.name]

    @property
    def dead(self) -> FakeQueue:
        return self.sqs.queues[f"{self.queue.name}-dlq"]

    def errands(self, does: Work = nothing) -> Errands:
        return Errands(self.table, self.log, does)

    async def ask(self, *, team: str = "t") -> str:
        """Store a job and put its message into the queue."""
        now = utc_now()
        errand = Errand(
            id=f"errand_{uuid.uuid4().hex}",
            project_id=ProjectId("p"),
            user_id=UserId("u"),
            team_id=TeamId(team),
            created_at=now,
            updated_at=now,
        )
        await self.table.put_new(errand)
        await self.queue.send(errand.id, group=team)
        return errand.id

    async def found(self, job_id: str) -> Errand:
        errand = await self.table.find(job_id)
        assert errand is not None
        return errand

    async def said(self, job_id: str) -> list[bytes]:
        """Return the events of a job's stream."""
        return [entry.data for entry in (await self.log.read(job_id, after=0)).entries]

    async def emptied(self, *, seconds: float = 30) -> None:
        """Wait until no message is left."""
        async with asyncio.timeout(seconds):
            await self.sqs.until(lambda: not self.messages.copies)

    @asynccontextmanager
    async def workers(self, handlers: Sequence[Errands], *, slots: int = 4, lease: float = 3) -> AsyncGenerator[None]:
        """Run a worker for each handler for the length of the block."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._worker(handler, slots, lease).run(stop)) for handler in handlers]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    def _worker(self, handler: Errands, slots: int, lease: float) -> Worker[Errand]:
        return Worker(
            queue=self.queue,
            handler=handler,
            events=self.log,
            slots=slots,
            lease=lease,
            grace=5,
            now=utc_now,
            new_owner=lambda: uuid.uuid4().hex,
        )
