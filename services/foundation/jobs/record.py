"""What every job's record carries: who holds it, its attempts, and whether it has ended."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from services.core.clock import Clock
from services.core.errors import Conflict
from services.core.ids import ProjectId, TeamId, UserId
from services.core.pages import PageRequest
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import Index
from services.foundation.aws.tables import Table

OPEN: Final = "open"
ENDED: Final = "ended"
OPEN_INDEX: Final = Index("OpenIndex", "open", "updatedAt")
"""Jobs that are not done with, those not heard of for longest first. Sparse: others are not in it."""


class StopCause(Enum):
    """Why a run is asked to stop before its end."""

    CANCELED = "CANCELED"
    STOPPED = "STOPPED"
    """It has done what was asked for, and what runs of it is to end."""
    SUPERSEDED = "SUPERSEDED"


class Lease(msgspec.Struct, frozen=True, rename="camel"):
    """The run that holds a job; others leave it alone until then."""

    owner: str
    until: datetime


class JobRecord(Entity, frozen=True, kw_only=True, rename="camel"):
    """A record that is also a job. Once `finished_at` is set, only what settling it writes may still follow."""

    project_id: ProjectId
    user_id: UserId
    team_id: TeamId
    """The team that asked; jobs of one team do not delay another's."""
    project_owner_id: UserId | None = None
    """Who made the project: the other half of its key; None in records from before this was kept."""
    attempt: int = 0
    """How often the job was claimed; the fencing token of the run that claimed it last."""
    lease: Lease | None = None
    not_before: datetime | None = None
    """When the next attempt may begin, after one that failed."""
    failures: int = 0
    """Attempts that failed and may be repeated."""
    crashes: int = 0
    """Attempts whose worker was lost."""
    stop: StopCause | None = None
    """Set when somebody asks for the job to stop."""
    finished_at: datetime | None = None
    notified_at: datetime | None = None
    """When the end was announced."""
    traceparent: str | None = None
    """Where the trace of the request for it was: its attempts go on with it."""
    open: str | None = None
    """The partition of the sparse index: OPEN until the job's end, then ENDED until the end is announced."""

    @property
    def acts_elsewhere(self) -> bool:
        """Whether something goes on of it that no run holds, so that only a run can end it."""
        return False

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for its next attempt, so that it does not: what they ask for, only a run can do."""
        return False

    @property
    def runs_without_us(self) -> bool:
        """Whether it has done what was asked for, and runs on elsewhere: losing workers over it does not end it."""
        return False


R = TypeVar("R", bound=JobRecord)


def end_of_job(now: Clock) -> dict[str, Any]:
    """Return the fields that end a job, whatever else is said of its end."""
    return {"finished_at": now(), "lease": None, "open": ENDED}


class NotEnded(Conflict):
    """Somebody wants to delete a job that goes on."""

    def __init__(self, what: str, status: Enum) -> None:
        super().__init__(
            f"Only a {what} that has ended can be deleted; this one is {status.value}: cancel it, and wait for its end."
        )


class Announced(Exception):
    """The job's end has been announced, or is just being."""


def announcing(now: Clock) -> Callable[[R], R]:
    """Make the change by which one of several claims the announcement of a job's end; raises Announced for the others.

    It comes before the announcement: a crash between the two loses one, rather than a duplicate delivery making two.
    """

    def claimed(old: R) -> R:
        if old.notified_at is not None:
            raise Announced
        return replace(old, notified_at=now(), open=None)

    return claimed


async def longest_silent(table: Table[R]) -> R | None:
    """Return the open job that nobody has written for longest, of its slice's own table."""
    page = await table.query(OPEN_INDEX.name, OPEN, PageRequest(first=1), newest_first=False)
    return page.items[0] if page.items else None


def stop_requested(record: R, cause: StopCause, *, running: Enum, ended: Enum, now: Clock) -> R:
    """Return the record asking its run to stop; one that no run holds ends at once.

    Of what acts elsewhere only one that was superseded does: what goes on there is its successor.
    """
    ends_itself = cause is StopCause.SUPERSEDED or not record.acts_elsewhere
    if record.lease is None and ends_itself:
        return replace(record, stop=cause, status=ended, **end_of_job(now))
    return replace(record, stop=cause, status=running)
