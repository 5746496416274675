"""The port by which jobs are told of. What follows from a job's steps and its end is no business of the job's own."""

from typing import Protocol, TypeVar

from services.foundation.jobs.record import JobRecord

R_contra = TypeVar("R_contra", bound=JobRecord, contravariant=True)


class Announcer(Protocol[R_contra]):
    """Tells of a kind of job. The record already says what is told."""

    async def step(self, record: R_contra) -> None:
        """Tell of a step on a job's way; the record's status says which. Repeating it tells of it again."""
        ...

    async def end(self, record: R_contra) -> None:
        """Tell of a job's end. May be called any number of times, by any process: one of them tells people."""
        ...
