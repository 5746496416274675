"""Failures that go on: told of at once, and then ever more seldom."""

import logging
import time
from dataclasses import dataclass
from typing import Final

FIRST: Final = 5.0
LONGEST: Final = 300.0
"""Seconds between two lines about one failure: the first such pause, which doubles, and the longest."""


@dataclass(slots=True)
class Complaint:
    """What goes wrong again and again, in one place."""

    log: logging.Logger
    _due: float = 0.0
    _pause: float = FIRST

    def tell(self, error: Exception, message: str, *values: object) -> None:
        """Log an exception, unless there was a line about one here a short while ago."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due, self._pause = now + self._pause, min(2 * self._pause, LONGEST)
        self.log.warning(message, *values, exc_info=error)

    def settle(self) -> None:
        """Take the next failure for a new one: it goes well again."""
        self._due, self._pause = 0.0, FIRST
