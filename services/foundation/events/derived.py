"""What is worked out of something that many follow: once, for all of them."""

from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")

MOST_SHARED: Final = 100
"""Entries of a batch that those at the same place share: who is live has few, who is behind is alone with many."""

MOST: Final = 8
"""What is kept of one thing. Those who want something else of it work it out for themselves."""


class Derived:
    """Keeps what was derived of a thing, as long as that is kept itself."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}

    def once(self, key: Hashable, derive: Callable[[], T]) -> T:
        """Return what was derived under this key before, or derive it."""
        if key in self._values:
            return self._values[key]
        value = derive()
        if len(self._values) < MOST:
            self._values[key] = value
        return value
