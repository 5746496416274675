"""What is measured of a job: from when it was asked for to what it has come to."""

from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest

from services.core.instruments import DEPLOYMENTS
from services.core.telemetry import Attributes, Instrument, Role, Span, dismiss, listen, span
from services.foundation.jobs.measuring import measure

ASKED = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Status(Enum):
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


@dataclass
class Record:
    created_at: datetime = ASKED
    status: Status = Status.SUCCESS
    reason: Enum | str | None = None
    finished_at: datetime | None = None


@dataclass
class Ears:
    """A listener that keeps what it is told."""

    heard: list[tuple[str, float, Attributes]] = field(default_factory=list[tuple[str, float, Attributes]])

    def record(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        self.heard.append((instrument.name, value, attributes))

    def span(self, name: str, role: Role, attributes: Attributes, parent: str | None) -> AbstractContextManager[Span]:
        raise AssertionError(name, role, attributes, parent)

    def aside(self, name: str, role: Role, attributes: Attributes, *, began: datetime | None) -> Span:
        raise AssertionError(name, role, attributes, began)

    def traceparent(self) -> str | None:
        return None


@pytest.fixture
def ears() -> Generator[Ears]:
    them = Ears()
    listen(them)
    yield them
    dismiss(them)


def test_a_job_that_has_ended_is_measured_by_how_it_ended(ears: Ears) -> None:
    ended = Record(status=Status.FAILED, reason="BUILD_FAILED", finished_at=ASKED + timedelta(seconds=90))

    measure(DEPLOYMENTS, ended, {"snapinfra.target": "LOCAL"})

    said = {"snapinfra.target": "LOCAL", "snapinfra.status": "FAILED", "snapinfra.reason": "BUILD_FAILED"}
    assert ears.heard == [("snapinfra.deployment.duration", 90.0, said)]


def test_one_that_goes_on_is_measured_where_it_is(ears: Ears) -> None:
    measure(DEPLOYMENTS, Record(), {}, at=ASKED + timedelta(seconds=5))
    measure(DEPLOYMENTS, Record(), {})

    assert [(value, said["snapinfra.reason"]) for _, value, said in ears.heard] == [(5.0, "")]


def test_nobody_hears_what_nobody_listens_to() -> None:
    measure(DEPLOYMENTS, Record(), {}, at=ASKED)
    with span("anything") as nothing:
        nothing.note({"a": 1})
        nothing.fail("X")
        nothing.end()

    assert isinstance(span("anything"), nullcontext)
