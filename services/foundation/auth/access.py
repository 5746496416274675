"""News of changed access: a role, an API key, a session. It reaches every process within seconds.

What a process remembers of users and keys is forgotten, and who watches (an open socket) looks at their rights again.
News are items of one partition, by time: a process with watchers reads the latest every two seconds, however many
watchers it has. News that are lost with a process are made up for by watchers' own looking, every few minutes.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
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
    memories: Sequence[Recent[Any]]
    """What this process remembers of users and API keys, by their ids."""
    random: Callable[[int], bytes]
    now: Clock
    _watchers: dict[str, set[News]] = field(default_factory=dict[str, set[News]])
    _reading: "asyncio.Task[None] | None" = None

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
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        try:
            yield news
        finally:
            for subject in subjects:
                self._watchers[subject].discard(news)
                if not self._watchers[subject]:
                    del self._watchers[subject]
            if not self._watchers:
                self._reading.cancel()
                self._reading = None

    def _hear(self, change: AccessChange) -> None:
        for memory in self.memories:
            memory.forget(change.subject)
        for news in self._watchers.get(change.subject, ()):
            news.put_nowait(change)

    async def _read(self) -> None:
        heard, read_at, silence = set[int](), self.now(), Complaint(log)
        while True:
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
            await asyncio.sleep(POLL)

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
