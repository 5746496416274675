"""News of changed access: a role, an API key, a session. It reaches every process within seconds.

What a process remembers of users and keys is forgotten, and who watches (an open socket) looks at their rights again.
News are items of one partition, by time: a process that has watchers, or relies on what it remembers, reads the latest
every two seconds, however many there are. What takes access away is told of before and after: where its process ends in
between, others have stopped relying on their memories. News that are lost then are made up for by watchers' own
looking, every few minutes.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from services.core.clock import Clock
from services.core.complaint import Complaint
from services.core.ids import TeamId
from services.core.recent import Recent
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, TableSpec
from services.foundation.aws.tables import Table

POLL: Final = 2.0
"""Seconds between two readings."""

OVERLAP: Final = timedelta(seconds=30)
"""How far each reading goes back before the last one: clocks of processes differ, and writes take time."""

RELIED_ON: Final = timedelta(seconds=4)
"""After a reading began, news may have come that it does not have; so long it counts as the latest nevertheless."""

IDLE: Final = timedelta(minutes=1)
"""So long after anybody was last interested in news they are read."""

REMEMBERED_FOR: Final = timedelta(seconds=4)
"""How long something is remembered while no news are read, or where there are news of it."""

LONGEST: Final = timedelta(minutes=1)
"""How long where news are read and there are none of it."""

CHANGE_LIFETIME: Final = timedelta(hours=1)
PAGE: Final = 500

_PARTITION: Final = "all"

log = logging.getLogger("snapinfra.access")


class AccessChange(Entity, frozen=True, kw_only=True, rename="camel"):
    """The access of whom `subject` names has changed: a user, an API key, a session, or everybody in a team."""

    seq: int
    """Milliseconds since the epoch, and 16 random bits that tell changes of one millisecond apart."""
    subject: str
    spared: TeamId | None = None
    """Of everybody in a team, those who are in this one too are not concerned."""
    expires_at: int


ACCESS_CHANGES: Final = TableSpec(
    "access-changes", AccessChange, fate=(EXPIRES,), sort="seq", sort_type="N", ttl="expiresAt"
)

News = asyncio.Queue[AccessChange]


@dataclass(slots=True, kw_only=True)
class AccessChanges:
    table: Table[AccessChange]
    random: Callable[[int], bytes]
    now: Clock
    memories: list[Recent[Any]] = field(default_factory=list[Recent[Any]])
    """What this process remembers of users and API keys, by their ids."""
    _watchers: dict[str, set[News]] = field(default_factory=dict[str, set[News]])
    _reading: "asyncio.Task[None] | None" = None
    _asked_at: datetime | None = None
    """When somebody relied on a memory last."""
    _heard: "tuple[datetime, datetime] | None" = None
    """Since when all news were heard, and when the last reading of them began."""

    def memory(self, *, most: int) -> Recent[Any]:
        """Return a memory of at most so many values that are forgotten at news of their keys."""
        memory: Recent[Any] = Recent(
            lifetime=REMEMBERED_FOR, longest=LONGEST, certain=self._are_heard_since, most=most, now=self.now
        )
        self.memories.append(memory)
        return memory

    @asynccontextmanager
    async def changing(self, subject: str) -> AsyncGenerator[None]:
        """Tell all processes that somebody's access is about to change, and after the block that it has."""
        await self.announce(subject)
        yield
        await self.announce(subject)

    async def announce(self, subject: str, *, spared: TeamId | None = None) -> None:
        """Tell all processes, this one at once, that somebody's access has just changed."""
        change = self._change(subject, spared)
        self._hear(change)
        while True:
            with contextlib.suppress(AlreadyExists):
                await self.table.put_new(change)
                return
            change = self._change(subject, spared)

    @contextmanager
    def watching(self, subjects: Collection[str]) -> Generator[News]:
        """Collect the news of any of these subjects for the length of the block."""
        news: News = asyncio.Queue()
        for subject in subjects:
            self._watchers.setdefault(subject, set()).add(news)
        self._begin()
        try:
            yield news
        finally:
            for subject in subjects:
                self._watchers[subject].discard(news)
                if not self._watchers[subject]:
                    del self._watchers[subject]

    async def aclose(self) -> None:
        """Read no news any more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _are_heard_since(self, moment: datetime) -> bool:
        """Whether all news since a moment were heard, but for the latest; from now on they are."""
        self._asked_at = self.now()
        self._begin()
        return self._heard is not None and self._heard[0] <= moment and self.now() - self._heard[1] < RELIED_ON

    def _begin(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="news of changed access")

    def _hear(self, change: AccessChange) -> None:
        for memory in self.memories:
            memory.doubt(change.subject)
        for news in self._watchers.get(change.subject, ()):
            news.put_nowait(change)

    async def _read(self) -> None:
        heard, read_at, silence = set[int](), self.now(), Complaint(log)
        self._heard, begun_at = None, read_at
        while self._is_of_use():
            start, since = self.now(), _seq(read_at - OVERLAP)
            try:
                changes = await self._since(since)
            except Exception as error:  # noqa: BLE001 - told of
                silence.tell(error, "news of changed access can't be read")
            else:
                silence.settle()
                for change in changes:
                    if change.seq not in heard:
                        self._hear(change)
                heard, read_at = {change.seq for change in changes}, start
                self._heard = begun_at, start
            await asyncio.sleep(POLL)

    def _is_of_use(self) -> bool:
        is_relied_on = self._asked_at is not None and self.now() - self._asked_at < IDLE
        return bool(self._watchers) or is_relied_on

    async def _since(self, seq: int) -> list[AccessChange]:
        changes: list[AccessChange] = []
        while True:
            page = await self.table.part(_PARTITION, after=seq, limit=PAGE)
            changes += page
            if len(page) < PAGE:
                return changes
            seq = page[-1].seq

    def _change(self, subject: str, spared: TeamId | None) -> AccessChange:
        now = self.now()
        return AccessChange(
            id=_PARTITION,
            seq=_seq(now) | int.from_bytes(self.random(2)),
            subject=subject,
            spared=spared,
            expires_at=int((now + CHANGE_LIFETIME).timestamp()),
            created_at=now,
            updated_at=now,
        )


def _seq(moment: datetime) -> int:
    return int(moment.timestamp() * 1000) << 16
