"""A small memory of what was read lately, so that not every request reads it again."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from services.core.clock import Clock
from services.core.frozen import frozen

V = TypeVar("V")


def _never(since: datetime) -> bool:
    del since
    return False


@frozen(kw_only=True)
class Recent(Generic[V]):
    """Values by key, each for `lifetime` from the moment its reading began; the oldest go where there are too many.

    Where it is `certain` that a change since that moment would have been told of by now, a value is good for `longest`,
    unless it was in doubt in that time.
    """

    lifetime: timedelta
    most: int
    now: Clock
    longest: timedelta = timedelta()
    certain: Callable[[datetime], bool] = _never
    _kept: OrderedDict[str, tuple[datetime, V | None]] = field(
        default_factory=OrderedDict[str, tuple[datetime, V | None]]
    )
    """None where the value was forgotten at that moment."""
    _doubted: OrderedDict[str, datetime] = field(default_factory=OrderedDict[str, datetime])

    def get(self, key: str) -> V | None:
        """Return the value of a key; None where it is unknown or too old."""
        moment, value = self._kept.get(key, (None, None))
        if moment is None or value is None:
            return None
        age = self.now() - moment
        is_good = age < self.lifetime or (age < self.longest and not self._is_doubted(key) and self.certain(moment))
        return value if is_good else None

    def put(self, key: str, value: V, *, read_at: datetime) -> None:
        """Keep a value whose reading began at the given moment, unless it was forgotten meanwhile."""
        kept = self._kept.get(key)
        if kept is None or kept[1] is not None or kept[0] < read_at:
            self._keep(key, read_at, value)

    def forget(self, key: str) -> None:
        """Let the next request read it again."""
        self._keep(key, self.now(), None)

    def doubt(self, key: str) -> None:
        """Forget a value, and keep what is read for no more than `lifetime` for a while: it is about to change."""
        self.forget(key)
        self._doubted[key] = self.now()
        self._doubted.move_to_end(key)
        if len(self._doubted) > self.most:
            self._doubted.popitem(last=False)

    def _is_doubted(self, key: str) -> bool:
        doubted = self._doubted.get(key)
        return doubted is not None and self.now() - doubted < self.longest

    def _keep(self, key: str, moment: datetime, value: V | None) -> None:
        self._kept[key] = (moment, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
