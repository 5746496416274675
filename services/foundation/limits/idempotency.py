"""`clientMutationId`: a retry of a create returns what the first try made, to whom may still see it.

A key says which object a create makes, for whom and from which arguments, and when all of it was done. Until then a
retry goes on where the first try was cut short; from then on it does nothing but read.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Invalid
from services.core.frozen import frozen
from services.core.ids import new_id
from services.core.pepper import Pepper
from services.core.text import Kind, bounded
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, TableSpec
from services.foundation.aws.tables import Table

KEY_LIFETIME: Final = timedelta(days=1)
"""How long a clientMutationId is remembered."""

MOST: Final = 200
"""Characters of a clientMutationId."""


class IdempotencyKey(Entity, frozen=True, kw_only=True, rename="camel"):
    """Which object a create makes for a clientMutationId. `id` is actor, operation and clientMutationId."""

    object_id: str
    expires_at: int
    arguments: str | None = None
    """HMAC-SHA256 of what the create was asked for, in hex; None in keys from before this was kept, and in notes of
    what was done that are no keys of creates."""
    done_at: datetime | None = None
    """When all that the create does was done; None while it is under way, or was cut short."""

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to do; a key whose arguments nobody knows is no reason to do anything."""
        return self.done_at is not None or self.arguments is None


IDEMPOTENCY_KEYS: Final = TableSpec("idempotency-keys", IdempotencyKey, fate=(EXPIRES,), ttl="expiresAt")


class OtherArguments(Conflict):
    """A clientMutationId comes again with another request."""

    def __init__(self) -> None:
        super().__init__(
            "This clientMutationId was used for another request within the last day: a retry must be the same request;"
            " send a new one for a new request."
        )


@dataclass(slots=True)
class Try:
    """One try at a create."""

    done: str | None
    """The object that an earlier try has made. Then there is nothing left to do but to show it, by the policy."""
    _table: Table[IdempotencyKey]
    _wanted: IdempotencyKey | None
    """The key as this try would begin it; None without a clientMutationId."""
    _digests: tuple[str, ...] = ()
    """Every `arguments` that a key of the same request may have."""
    _claimed: IdempotencyKey | None = None

    async def take_id(self, prefix: str) -> str:
        """Return the id of what is to be made: a new one, or that of a first try which was cut short.

        Call it once all checks are passed. Raises OtherArguments where another request was first.
        """
        return await self.claim(new_id(prefix))

    async def claim(self, object_id: str) -> str:
        """As `take_id`, where what is to be made has its id by what it is, and so for every try."""
        if self._wanted is None:
            return object_id
        key = replace(self._wanted, object_id=object_id)
        try:
            await self._table.put_new(key)
        except AlreadyExists:
            first = await self._table.find(key.id)
            key = checked(first, self._digests) if first else key
        self._claimed = key
        return key.object_id

    async def finish(self, now: datetime) -> None:
        """Note that all is done."""
        if self._claimed is not None and self._claimed.done_at is None:
            await self._table.update(self._claimed.id, lambda old: old if old.done_at else replace(old, done_at=now))


@frozen(kw_only=True)
class Idempotency:
    table: Table[IdempotencyKey]
    pepper: Pepper
    now: Clock

    @asynccontextmanager
    async def trying(
        self, operation: str, given: object, client_mutation_id: str | None, *, by: Actor
    ) -> AsyncGenerator[Try]:
        """Try a create, of which `given` is what was asked for: a block that leaves without an exception has done it.

        The actor is the user, and the API key where it is one. Raises OtherArguments.
        """
        digests = () if client_mutation_id is None else self._digests(given)
        wanted = None if client_mutation_id is None else self._key(operation, digests, client_mutation_id, by=by)
        earlier = None if wanted is None else await self.table.find(wanted.id)
        if earlier is not None:
            checked(earlier, digests)
        attempt = Try(earlier.object_id if earlier and earlier.is_done else None, self.table, wanted, digests)
        yield attempt
        await attempt.finish(self.now())

    def _key(self, operation: str, digests: tuple[str, ...], client_mutation_id: str, *, by: Actor) -> IdempotencyKey:
        if len(client_mutation_id) > MOST:  # with the space around it, of which `bounded` knows nothing
            raise Invalid.one(f"clientMutationId must have 1 to {MOST} characters.", "clientMutationId")
        if faults := bounded(client_mutation_id, field=["clientMutationId"], most=MOST, kind=Kind.LINE):
            raise Invalid(faults)
        now = self.now()
        who = by.user_id if by.key_id is None else f"{by.user_id}/{by.key_id}"
        return IdempotencyKey(
            id=f"{who}#{operation}#{client_mutation_id}",
            created_at=now,
            updated_at=now,
            object_id="",
            expires_at=int((now + KEY_LIFETIME).timestamp()),
            arguments=digests[0],
        )

    def _digests(self, given: object) -> tuple[str, ...]:
        """Return what tells requests apart, and what was asked for to nobody: there may be secrets in it."""
        plain = msgspec.to_builtins(given, order="deterministic")
        return self.pepper.hashes(json.dumps(plain, sort_keys=True))  # in ASCII, so that it takes any text


def checked(key: IdempotencyKey, digests: tuple[str, ...]) -> IdempotencyKey:
    """Return the key of an earlier try. Raises OtherArguments where that was asked for something else."""
    if key.arguments not in (None, *digests):
        raise OtherArguments
    return key
