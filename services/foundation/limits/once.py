"""What is to happen once, whoever does it again: notes that it has, which are kept for a while."""

from datetime import timedelta

from services.core.clock import Clock
from services.core.frozen import frozen
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import Part
from services.foundation.limits.idempotency import IdempotencyKey


@frozen(kw_only=True)
class Once:
    """The notes are beside the keys of creates: each kind of them has a prefix of its own."""

    table: Table[IdempotencyKey]
    now: Clock

    async def has(self, note_id: str) -> bool:
        return await self.table.find(note_id) is not None

    async def note(self, note_id: str, object_id: str, *, lifetime: timedelta) -> bool:
        """Note that something is done, or about to be; return False where that was noted before."""
        try:
            await self.table.put_new(self._note(note_id, object_id, lifetime))
        except AlreadyExists:
            return False
        return True

    def noting(self, note_id: str, object_id: str, *, lifetime: timedelta) -> Part:
        """Return the part of a transaction that notes it; its condition fails where that was noted before."""
        return self.table.creation(self._note(note_id, object_id, lifetime))

    def _note(self, note_id: str, object_id: str, lifetime: timedelta) -> IdempotencyKey:
        now = self.now()
        expires_at = int((now + lifetime).timestamp())
        return IdempotencyKey(id=note_id, object_id=object_id, expires_at=expires_at, created_at=now, updated_at=now)
