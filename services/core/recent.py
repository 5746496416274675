"""This file is a small memory of what was read lately, so that not every request reads it again."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from services.core.clock import Clock

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Recent(Generic[V]):
    """Values by key, each for `lifetime` from the moment its reading began; the oldest go where there are too many."""

    lifetime: timedelta
    most: int
    now: Clock
    _kept: OrderedDict[str, tuple[datetime, V]] = field(default_factory=OrderedDict[str, tuple[datetime, V]])

    def get(self, key: str) -> V | None:
        """Return the value of a key; None where it is unknown or too old."""
        kept = self._kept.get(key)
        return kept[1] if kept and self.now() - kept[0] < self.lifetime else None

    def put(self, key: str, value: V, *, read_at: datetime) -> None:
        """Keep a value whose reading began at the given moment."""
        self._kept[key] = (read_at, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        """Let the next request read it again."""
        self._kept.pop(key, None)
