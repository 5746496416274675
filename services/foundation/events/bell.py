"""Two ways to wake a waiting task: a bell for one listener, which merges rings, and a pulse for many."""

import asyncio


class Bell:
    """An iterator with an item for each time it was rung, or fewer: rings that nobody has answered yet count once.

    Waiting for the next item may be cancelled without losing a ring.
    """

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._over = False

    def ring(self) -> None:
        self._rung.set()

    def silence(self) -> None:
        """End the iteration."""
        self._over = True
        self._rung.set()

    def __aiter__(self) -> "Bell":
        return self

    async def __anext__(self) -> None:
        await self._rung.wait()
        if self._over:
            raise StopAsyncIteration
        self._rung.clear()


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
