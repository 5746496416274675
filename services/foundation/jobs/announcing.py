"""The port by which jobs are told of. What follows from a job's steps and its end is no business of the job's own."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from services.core.clock import Clock
from services.foundation.aws.tables import Table
from services.foundation.jobs.record import Announced, JobRecord, announcing

R = TypeVar("R", bound=JobRecord)
Claim = Callable[[], Awaitable[bool]]
"""Claims the announcement of a job's end, for one of several callers."""
R_contra = TypeVar("R_contra", bound=JobRecord, contravariant=True)


class Announcer(Protocol[R_contra]):
    """Tells of a kind of job. The record already says what is told."""

    async def step(self, record: R_contra) -> None:
        """Tell of a step on a job's way; the record's status says which. Repeating it tells of it again."""
        ...

    async def end(self, record: R_contra, *, claim: Claim) -> None:
        """Tell of a job's end. May be called any number of times, by any process: one of them tells people.

        That is whose `claim` is true: called once all is done that may be repeated.
        """
        ...


async def announce_end(announcer: Announcer[R], record: R, *, table: Table[R], now: Clock) -> None:
    """Have a job's end told of, and the record, which is its slice's own, say that people are told."""

    async def claim() -> bool:
        try:
            await table.update(record.id, announcing(now))
        except Announced:
            return False
        return True

    await announcer.end(record, claim=claim)
