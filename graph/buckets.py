"""Buckets of tokens, by which frames of a socket are counted."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """Holds `size` tokens, and gets `refill` a second."""

    size: float
    refill: float
    _tokens: float = field(init=False)
    _at: float = 0.0

    def __post_init__(self) -> None:
        self._tokens = self.size

    def take(self, now: float) -> bool:
        """Take a token, and tell whether there was one. `now` is of a monotonic clock, in seconds."""
        self._tokens = min(self.size, self._tokens + (now - self._at) * self.refill)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
