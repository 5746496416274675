"""This file is rates: how often a user may do something in a minute, whichever process they ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from services.aws.items import Entity
from services.aws.tables import AlreadyExists, Table, TableSpec
from services.core.clock import Clock
from services.core.errors import Limited
from services.core.ids import UserId

WINDOW: Final = timedelta(minutes=1)


class Take(msgspec.Struct, frozen=True, rename="camel"):
    """One thing done. `key` names it: done again within the window, it does not count again."""

    key: str
    at: datetime


class RateWindow(Entity, frozen=True, kw_only=True, rename="camel"):
    """What a user did within the last minute. `id` is user and action."""

    takes: tuple[Take, ...] = ()
    expires_at: int


RATES: Final = TableSpec("rates", RateWindow, ttl="expiresAt")


@dataclass(frozen=True, slots=True)
class Rates:
    """A sliding window: no minute, whenever it begins, has more than `most`."""

    table: Table[RateWindow]
    most: int
    """0 for no limit."""
    now: Clock

    async def take(self, action: str, key: str, *, by: UserId) -> None:
        """Count something that a user is about to do. Raises Limited where it would be one too many.

        No update is lost to others for long: no more than `most` of them succeed in a minute.
        """
        if not self.most:
            return
        window_id = f"{by}#{action}"

        def taken(old: RateWindow) -> RateWindow:
            now = self.now()
            recent = [take for take in old.takes if take.at > now - WINDOW]
            if any(take.key == key for take in recent):
                return old
            if len(recent) >= self.most:
                raise _limited(recent, self.most, now)
            return replace(old, takes=(*recent, Take(key, now)), expires_at=_expiry(now))

        if await self.table.update(window_id, taken) is None:
            now = self.now()
            first = RateWindow(id=window_id, created_at=now, updated_at=now, expires_at=_expiry(now))
            try:
                await self.table.put_new(replace(first, takes=(Take(key, now),)))
            except AlreadyExists:
                await self.table.update(window_id, taken)


def _limited(recent: Sequence[Take], most: int, now: datetime) -> Limited:
    """Say when the take goes out of the window that makes room for one more."""
    frees = sorted(take.at for take in recent)[len(recent) - most]
    message = f"That is more than {most} AI requests within a minute; wait a little."
    return Limited(message, retry_after=(frees + WINDOW - now).total_seconds())


def _expiry(now: datetime) -> int:
    return int((now + 2 * WINDOW).timestamp())
