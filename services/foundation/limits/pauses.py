"""Pauses: until when all processes leave somebody else's API alone, since it asked for that."""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from services.core.clock import Clock
from services.core.frozen import frozen
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, TableSpec
from services.foundation.aws.tables import Table

LONGEST: Final = timedelta(hours=1)
"""A server that asks for more is asked again after this."""
_KEPT: Final = timedelta(days=1)


class Pause(Entity, frozen=True, kw_only=True, rename="camel"):
    """`id` is which API, and with which credentials it is called."""

    until: datetime
    expires_at: int


PAUSES: Final = TableSpec("pauses", Pause, fate=(EXPIRES,), ttl="expiresAt")


@frozen(kw_only=True)
class Pauses:
    table: Table[Pause]
    now: Clock

    async def left(self, key: str) -> float:
        """Return for how many seconds more it must not be called; 0 where it may be."""
        pause = await self.table.find(key)
        return 0 if pause is None else max(0.0, (pause.until - self.now()).total_seconds())

    async def extend(self, key: str, seconds: float) -> None:
        """Let nobody call it for so long; a longer pause stays."""
        now = self.now()
        until = now + min(timedelta(seconds=seconds), LONGEST)
        pause = Pause(id=key, created_at=now, updated_at=now, until=until, expires_at=int((until + _KEPT).timestamp()))
        try:
            await self.table.put_new(pause)
        except AlreadyExists:
            await self.table.update(
                key, lambda old: replace(old, until=max(old.until, until), expires_at=pause.expires_at)
            )
