"""This file is `clientMutationId`: a retry of a create finds what the first try made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.aws.items import Entity
from services.aws.tables import AlreadyExists, Table, TableSpec
from services.core.clock import Clock
from services.core.errors import Invalid
from services.core.ids import UserId

KEPT: Final = timedelta(days=1)
"""How long a clientMutationId is remembered."""


class IdempotencyKey(Entity, frozen=True, kw_only=True, rename="camel"):
    """Which object a create made for a clientMutationId. `id` is user, operation and clientMutationId."""

    object_id: str
    expires_at: int


IDEMPOTENCY_KEYS: Final = TableSpec("idempotency-keys", IdempotencyKey, ttl="expiresAt")


@dataclass(frozen=True, slots=True)
class Idempotency:
    table: Table[IdempotencyKey]
    now: Clock

    async def object_id(
        self, operation: str, client_mutation_id: str | None, make: Callable[[], str], *, by: UserId
    ) -> str:
        """Return the id that the object of this create has: a new one, or the one the first try was given."""
        if client_mutation_id is None:
            return make()
        if not 1 <= len(client_mutation_id) <= 200:  # noqa: PLR2004 - the message says it
            raise Invalid.one("clientMutationId must have 1 to 200 characters.", "clientMutationId")
        now = self.now()
        key = IdempotencyKey(
            id=f"{by}#{operation}#{client_mutation_id}",
            created_at=now,
            updated_at=now,
            object_id=make(),
            expires_at=int((now + KEPT).timestamp()),
        )
        try:
            await self.table.put_new(key)
        except AlreadyExists:
            first = await self.table.find(key.id)
            return first.object_id if first else key.object_id
        return key.object_id
