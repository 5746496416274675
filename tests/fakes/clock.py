"""A clock that goes when a test says so."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Clock:
    time: datetime

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **lapse: float) -> None:
        self.time += timedelta(**lapse)
