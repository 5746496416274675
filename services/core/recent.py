"""A small memory of what was read lately, so that not every request reads it again."""

from collections import OrderedDict
from dataclasses import field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from services.core.clock import Clock
from services.core.frozen import frozen

V = TypeVar("V")


@frozen(kw_only=True)
class Recent(Generic[V]):
    """Values by key, each for `lifetime` from the moment its reading began; the oldest go where there are too many."""

    lifetime: timedelta
    most: int
    now: Clock
    _kept: OrderedDict[str, tuple[datetime, V | None]] = field(
        default_factory=OrderedDict[str, tuple[datetime, V | None]]
    )
    """None where the value was forgotten at that moment."""

    def get(self, key: str) -> V | None:
        """Return the value of a key; None where it is unknown or too old."""
        kept = self._kept.get(key)
        return kept[1] if kept and self.now() - kept[0] < self.lifetime else None

    def put(self, key: str, value: V, *, read_at: datetime) -> None:
        """Keep a value whose reading began at the given moment, unless it was forgotten meanwhile."""
        kept = self._kept.get(key)
        if kept is None or kept[1] is not None or kept[0] < read_at:
            self._keep(key, read_at, value)

    def forget(self, key: str) -> None:
        """Let the next request read it again."""
        self._keep(key, self.now(), None)

    def _keep(self, key: str, moment: datetime, value: V | None) -> None:
        self._kept[key] = (moment, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
