"""Two ways to wake a waiting task: a bell for one listener, which merges rings, and a pulse for many."""

import asyncio
import logging
from typing import Final

from services.foundation.events.port import Appended, Hear, News

MOST_TOLD: Final = 256
"""What a listener who is late is told; after that they have to look."""

_logger: Final = logging.getLogger(__name__)


def nobody(news: News) -> bool:
    """Hear nothing: what has happened is looked for."""
    del news
    return False


class Bell:
    """An iterator with an item for each time it was rung, or fewer: rings that nobody has answered yet count once.

    Its items are what the rings told; nothing where one of them did not say what has changed. Waiting for the next item
    may be cancelled without losing a ring. A listener who waits is told at once: `hear` is given what a ring tells, and
    where it says that this is all there is to know, nobody is woken.
    """

    def __init__(self, hear: Hear = nobody) -> None:
        self._hear = hear
        self._waits = False
        self._rung = asyncio.Event()
        self._told: list[Appended] = []
        self._tells = True
        self._over = False

    def ring(self, news: News = ()) -> None:
        if news and self._waits and not self._rung.is_set() and self._is_heard(news):
            return
        self._tells = self._tells and 0 < len(news) <= MOST_TOLD - len(self._told)
        if self._tells:
            self._told += news
        self._rung.set()

    def silence(self) -> None:
        """End the iteration."""
        self._over = True
        self._rung.set()

    def __aiter__(self) -> "Bell":
        return self

    async def __anext__(self) -> News:
        self._waits = True
        try:
            await self._rung.wait()
        finally:
            self._waits = False
        if self._over:
            raise StopAsyncIteration
        self._rung.clear()
        told = self._told if self._tells else []
        self._told, self._tells = [], True
        return told

    def _is_heard(self, news: News) -> bool:
        try:
            return self._hear(news)
        except Exception:  # is nothing to who rang
            _logger.exception("What has happened was not heard.")
            return False


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
