"""This file is what every job's record carries: who holds it, its attempts, and whether it has ended."""

from datetime import datetime
from enum import Enum
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from services.aws.items import Entity
from services.core.clock import Clock
from services.core.ids import ProjectId, TeamId, UserId


class StopCause(Enum):
    """Why a run is asked to stop before its end."""

    CANCELED = "CANCELED"
    SUPERSEDED = "SUPERSEDED"


class Lease(msgspec.Struct, frozen=True, rename="camel"):
    """The run that holds a job; others leave it alone until then."""

    owner: str
    until: datetime


class JobRecord(Entity, frozen=True, kw_only=True, rename="camel"):
    """A record that is also a job. Once `finished_at` is set, the record does not change any more."""

    project_id: ProjectId
    user_id: UserId
    team_id: TeamId
    """The team that asked; jobs of one team do not delay another's."""
    attempt: int = 0
    """How often the job was claimed; the fencing token of the run that claimed it last."""
    lease: Lease | None = None
    failures: int = 0
    """Attempts that failed and may be repeated."""
    crashes: int = 0
    """Attempts whose worker was lost."""
    stop: StopCause | None = None
    """Set when somebody asks for the job to stop."""
    finished_at: datetime | None = None


R = TypeVar("R", bound=JobRecord)


def stop_requested(record: R, cause: StopCause, *, running: Enum, ended: Enum, now: Clock) -> R:
    """Return the record asking its run to stop; one that no run holds ends at once."""
    if record.lease is None:
        return replace(record, stop=cause, status=ended, finished_at=now())
    return replace(record, stop=cause, status=running)
