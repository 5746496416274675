"""Two ways to wake a waiting task: a bell for one listener, which merges rings, and a pulse for many."""

import asyncio
from typing import Final

from services.foundation.events.port import Appended, News

MOST_TOLD: Final = 256
"""What a listener who is late is told; after that they have to look."""


class Bell:
    """An iterator with an item for each time it was rung, or fewer: rings that nobody has answered yet count once.

    Its items are what the rings told; nothing where one of them did not say what has changed. Waiting for the next item
    may be cancelled without losing a ring.
    """

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._told: list[Appended] = []
        self._tells = True
        self._over = False

    def ring(self, told: Appended | None = None) -> None:
        if told is None or len(self._told) == MOST_TOLD:
            self._tells = False
        if self._tells and told is not None:
            self._told.append(told)
        self._rung.set()

    def silence(self) -> None:
        """End the iteration."""
        self._over = True
        self._rung.set()

    def __aiter__(self) -> "Bell":
        return self

    async def __anext__(self) -> News:
        await self._rung.wait()
        if self._over:
            raise StopAsyncIteration
        self._rung.clear()
        told = self._told if self._tells else []
        self._told, self._tells = [], True
        return told


class Pulse:
    """Wakes everyone who waits. Take `next` before looking at the state, then await it: no beat is missed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    @property
    def next(self) -> asyncio.Event:
        """The event that the next beat sets."""
        return self._next

    def beat(self) -> None:
        waited, self._next = self._next, asyncio.Event()
        waited.set()
