"""The memory of how a provider has been doing, and for how long it is better left alone."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from services.llm.port import FailureCode, ProviderFailure

WINDOW: Final = 60.0
"""Seconds for which an attempt counts."""
FEWEST: Final = 5
"""Attempts in the window before their share of failures says anything."""
PAUSE: Final = 10.0
"""Seconds of a cool-down whose length the provider has not said."""
LONGEST: Final = 3600.0
"""Seconds, whatever a provider says."""

_NOT_ITS_FAULT: Final = frozenset({FailureCode.BAD_REQUEST, FailureCode.CONTENT_REFUSED, FailureCode.REQUEST_TOO_LARGE})
_AT_ONCE: Final = frozenset(
    {
        FailureCode.RATE_LIMITED,
        FailureCode.UNAUTHORIZED,
        FailureCode.INSUFFICIENT_QUOTA,
        FailureCode.MODEL_NOT_FOUND,
        FailureCode.REGION_NOT_SUPPORTED,
    }
)
"""Failures that the next request is sure to meet, too."""


@dataclass(slots=True)
class Cooldown:
    """Times are seconds of one monotonic clock."""

    pause: float = PAUSE
    until: float = 0.0
    _attempts: deque[tuple[float, bool]] = field(default_factory=deque[tuple[float, bool]], init=False)
    """When each ended, and whether it failed."""

    def succeeded(self, now: float) -> None:
        self._add(now, failed=False)

    def failed(self, failure: ProviderFailure, now: float) -> None:
        """Count a failure: one that the next request would meet, too, cools down at once, others once more than half of
        the attempts have failed.

        A request that the provider refuses for what it asks says nothing about the provider.
        """
        if failure.code in _NOT_ITS_FAULT:
            return
        self._add(now, failed=True)
        failures = sum(failed for _, failed in self._attempts)
        is_failing = len(self._attempts) >= FEWEST and failures * 2 > len(self._attempts)
        if failure.code in _AT_ONCE or is_failing or failure.retry_after:
            pause = self.pause if failure.retry_after is None else min(failure.retry_after, LONGEST)
            self.until = max(self.until, now + pause)

    def _add(self, now: float, *, failed: bool) -> None:
        self._attempts.append((now, failed))
        while self._attempts[0][0] < now - WINDOW:
            self._attempts.popleft()
