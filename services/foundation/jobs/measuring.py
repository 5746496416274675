"""How long jobs took, from when they were asked for to what they have come to."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Protocol

from services.core.telemetry import Instrument


class Reached(Protocol):
    """A job's record, which says what became of it."""

    @property
    def created_at(self) -> datetime: ...

    @property
    def status(self) -> Enum: ...

    @property
    def reason(self) -> Enum | str | None: ...

    @property
    def finished_at(self) -> datetime | None: ...


def measure(instrument: Instrument, record: Reached, what: Mapping[str, str], *, at: datetime | None = None) -> None:
    """Measure how long it took to come to its end, or to where it is at a moment."""
    reached, reason = at or record.finished_at, record.reason
    if reached is not None:
        named = reason.value if isinstance(reason, Enum) else reason or ""
        outcome = {"snapinfra.status": str(record.status.value), "snapinfra.reason": str(named)}
        instrument.record((reached - record.created_at).total_seconds(), {**what, **outcome})
