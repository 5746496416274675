"""Rates: how often something may be done in a time, by a minute as a rule, whichever process is asked.

Many at once do not wait for one another (services/foundation/aws/entries.py). What is older than a minute is taken out
only once there is no more room.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.core.clock import Clock
from services.core.errors import Conflict, Limited
from services.core.frozen import frozen
from services.foundation.aws.conditions import CONTENTION
from services.foundation.aws.entries import Entries
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, TableSpec
from services.foundation.aws.tables import Table

WINDOW: Final = timedelta(minutes=1)


class RateWindow(Entity, frozen=True, kw_only=True, rename="camel"):
    """What a user or an API key did lately. `id` is who and what."""

    taken: dict[str, datetime] = msgspec.field(default_factory=dict[str, datetime])
    """When it was done first, by a name of it: done again within the window, it does not count again."""
    expires_at: int


RATES: Final = TableSpec("rates", RateWindow, fate=(EXPIRES,), ttl="expiresAt")


@frozen(kw_only=True)
class RateLimiter:
    """A sliding window: no minute, whenever it begins, has more than `most`."""

    table: Table[RateWindow]
    most: int
    """0 for no limit."""
    now: Clock
    what: str = "AI requests"
    """Of what there are too many, for a person."""
    window: timedelta = WINDOW
    """A minute, or an hour."""

    async def take(self, action: str, key: str, *, by: str) -> None:
        """Count something that somebody is about to do, by a name of it. Raises Limited where it is one too many."""
        if not self.most:
            return
        window_id = f"{by}#{action}"
        for _ in range(CONTENTION):
            if await self._taken(window_id, key):
                return
            window = await self.table.find(window_id)
            if window is None or not window.taken:
                await self._begin(window_id)
                continue
            recent = {name: at for name, at in window.taken.items() if at > self.now() - self.window}
            if len(recent) >= self.most:
                raise self._limited(recent)
            if old := window.taken.keys() - recent.keys():
                await self._entries.drop(window_id, old)
        raise Conflict("Too many changes at once; try again.")

    async def _taken(self, window_id: str, key: str) -> bool:
        """Take where there is room, or where it was taken already."""
        now = self.now()
        stamps = {"updatedAt": now, "expiresAt": self._expiry()}
        return await self._entries.take(window_id, key, now, most=self.most, stamps=stamps)

    async def _begin(self, window_id: str) -> None:
        now = self.now()
        stamps = {"createdAt": now, "updatedAt": now, "version": 1, "expiresAt": self._expiry()}
        await self._entries.begin(window_id, stamps=stamps)

    @property
    def _entries(self) -> Entries:
        return Entries(self.table, "taken")

    def _limited(self, recent: Mapping[str, datetime]) -> Limited:
        """Say when the take goes out of the window that makes room for one more."""
        frees = sorted(recent.values())[len(recent) - self.most]
        length = "a minute" if self.window == WINDOW else "an hour"
        message = f"That is more than {self.most} {self.what} within {length}; wait a little."
        return Limited(message, retry_after=(frees + self.window - self.now()).total_seconds())

    def _expiry(self) -> int:
        return int((self.now() + 2 * self.window).timestamp())
