"""What a chaos run counts."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tests.chaos.checker import Violation

REDIS_KILLED: Final = "SIGKILL of Redis"
"""The fault after which gaps may be."""


@dataclass
class Tally:
    """Figures of one run, for progress and for the report."""

    faults: Counter[str] = field(default_factory=Counter[str])
    jobs: Counter[str] = field(default_factory=Counter[str])
    """By kind and how they ended."""
    deployments: Counter[str] = field(default_factory=Counter[str])
    """That were asked for, by platform."""
    attempts: int = 0
    """Attempts of all jobs that ended, by their records."""
    most_attempts: int = 0
    subscribers: int = 0
    sessions: int = 0
    """Subscriptions that were accepted; those beyond one per subscriber resumed."""
    events: int = 0
    merged: int = 0
    """Log entries that these events cover."""
    gaps: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])
    """Errors that clients were told, by what was asked and the code; each was tried again."""
    surprises: list[str] = field(default_factory=list[str])
    violations: list[Violation] = field(default_factory=list[Violation])
    dead_letters: int = 0
    audited: int = 0

    @property
    def resumes(self) -> int:
        return max(self.sessions - self.subscribers, 0)
