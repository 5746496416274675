"""Seats: how many connections, or sockets, somebody has at once."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from services.core.errors import Limited


@dataclass(slots=True)
class Seats:
    """Counts by whom seats are taken: at most so many by each, 0 for no limit. `what` are they, for the sentence."""

    most: int
    what: str
    _taken: Counter[str] = field(default_factory=Counter[str])

    def take(self, who: str) -> None:
        """Take a seat. Raises Limited where all are taken."""
        if self.most and self._taken[who] >= self.most:
            raise Limited(f"There are {self.most} {self.what} already: close one first.", retry_after=1)
        self._taken[who] += 1

    def leave(self, who: str) -> None:
        """Give a seat back."""
        self._taken[who] -= 1
        if self._taken[who] <= 0:
            del self._taken[who]


@dataclass(slots=True)
class Seat:
    """A seat that is taken, until the block is left."""

    seats: Seats
    who: str

    def __enter__(self) -> Self:
        self.seats.take(self.who)
        return self

    def __exit__(self, *failure: object) -> None:
        self.seats.leave(self.who)

    def change(self, seats: Seats, who: str) -> None:
        """Take another seat and give this one back. Raises Limited, and keeps it, where there is none."""
        seats.take(who)
        self.seats.leave(self.who)
        self.seats, self.who = seats, who
