"""The pace of requests: how many a caller may send to one process, so that it has time for the others.

It is kept in memory, so each process counts for itself. What costs money is counted over all of them (rate_limit.py).
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import field
from typing import Final

from services.core.errors import Limited
from services.core.frozen import frozen

WINDOW: Final = 60.0
"""Seconds."""

_ROUNDING: Final = 1e-6
"""Seconds by which sums of floats may be off: else the last request of some rates would be one too many."""


@frozen
class Quota:
    """What a caller may still send (draft-ietf-httpapi-ratelimit-headers-06)."""

    limit: int
    """Requests that may come at once."""
    remaining: int
    """Of these, how many may come now."""
    reset: int
    """Seconds until all of them may come again; where none may come now, until the next one may."""


@frozen
class Throttle:
    """A minute's requests at once, and then each as soon as it is due (the "generic cell rate algorithm")."""

    per_minute: int
    """0 for no limit."""
    now: Callable[[], float]
    """Seconds of a monotonic clock."""
    most_callers: int = 10_000
    """Of whom something is kept; those who have been quiet for longest are forgotten first."""
    _due: OrderedDict[str, float] = field(default_factory=OrderedDict[str, float])
    """When what each caller has sent would be through, had it come evenly."""

    def take(self, caller: str) -> None:
        """Count a request. Raises Limited, and does not count it, where it is one too many."""
        if not self.per_minute:
            return
        now = self.now()
        due = max(self._due.get(caller, now), now) + WINDOW / self.per_minute
        if due > now + WINDOW + _ROUNDING:
            message = f"That is more than {self.per_minute} requests within a minute; wait a little."
            raise Limited(message, retry_after=due - now - WINDOW)
        self._due[caller] = due
        self._due.move_to_end(caller)
        if len(self._due) > self.most_callers:
            self._due.popitem(last=False)

    def quota(self, caller: str) -> Quota | None:
        """Return what a caller may still send, without counting anything; None where there is no limit."""
        if not self.per_minute:
            return None
        now, each = self.now(), WINDOW / self.per_minute
        spent = max(self._due.get(caller, now) - now, 0)
        remaining = math.floor(round((WINDOW - spent) / each, 6))
        wait = spent if remaining else spent + each - WINDOW
        return Quota(self.per_minute, remaining, math.ceil(round(wait, 6)))
