"""Writing entities of a table, one at a time."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from botocore.exceptions import ClientError

from services.core.errors import Conflict
from services.core.frozen import frozen
from services.foundation.aws.conditions import (
    CONTENTION,
    AlreadyExists,
    absent,
    is_condition_failure,
    version_is,
)
from services.foundation.aws.items import Item, from_attribute, to_item
from services.foundation.aws.keys import key_of
from services.foundation.aws.reading import Reader
from services.foundation.aws.spec import E

_MARK: Final = "_write"
"""The attribute that tells one write of an item from another."""


@frozen(kw_only=True)
class Writer(Reader[E]):
    """Writes by the table's own key. Every write but `remove` is conditional."""

    async def put_new(self, entity: E) -> None:
        """Store a new entity. Raises AlreadyExists where its key is taken."""
        stored = self._put({**self._storing(entity), **absent(self.spec)})
        if not await self.aws.tables.finish(stored):
            raise AlreadyExists(entity.id)

    async def update(self, entity_id: str, change: Callable[[E], E], *, sort: str | None = None) -> E | None:
        """Replace an entity by `change` of it, and return the new one; None where it does not exist.

        `change` may be called several times, must have no effect of its own, and may raise to write nothing. Returning
        its argument writes nothing. `version` and `updated_at` are set here. What has begun goes on to its end also
        where whoever waits for it is canceled.
        """
        return await self.aws.tables.finish(self._update(entity_id, change, sort))

    async def _update(self, entity_id: str, change: Callable[[E], E], sort: str | None) -> E | None:
        for _ in range(CONTENTION):
            old = await self.find(entity_id, sort=sort)
            if old is None:
                return None
            changed = change(old)
            if changed is old:
                return old
            new = self._stamped(changed, old)
            if await self._put({**self._storing(new), **version_is(old.version)}):
                return new
        raise Conflict("Too many changes at once; try again.")

    async def increment(self, entity: E, attribute: str) -> int | None:
        """Add one to a number of an entity in one step, however many do so at once, and return it; None if it is gone.

        A call that is repeated adds another one: for numbers that may have gaps.
        """
        request: dict[str, Any] = {
            **self._at(entity),
            "UpdateExpression": "ADD #number :one, #version :one",
            "ConditionExpression": "attribute_exists(#id)",
            "ExpressionAttributeNames": {"#number": attribute, "#version": "version", "#id": self.spec.partition},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
            "ReturnValues": "UPDATED_NEW",
        }
        try:
            answer = await self.aws.tables.finish(self.aws.tables.call("UpdateItem", request))
        except ClientError as error:
            if is_condition_failure(error):
                return None
            raise
        return int(answer["Attributes"][attribute].get("N", "0"))

    async def delete(self, entity: E) -> bool:
        """Delete the entity if it is still as given; return whether it was."""
        return await self.aws.tables.finish(self._delete(entity))

    async def _delete(self, entity: E) -> bool:
        request = self._at(entity)
        try:
            await self.aws.tables.call("DeleteItem", {**request, **version_is(entity.version)})
        except ClientError as error:
            if is_condition_failure(error):
                return await self._again(request["Key"]) is None
            raise
        return True

    async def remove(self, entity: E) -> None:
        """Delete the entity, whatever has become of it meanwhile. Repeating is harmless."""
        await self.aws.tables.finish(self.aws.tables.call("DeleteItem", self._at(entity)))

    def _stamped(self, new: E, old: E) -> E:
        return msgspec.structs.replace(new, version=old.version + 1, updated_at=self.now())

    def _storing(self, entity: E) -> dict[str, Any]:
        return {"TableName": self.name, "Item": to_item(entity)}

    def _at(self, entity: E) -> dict[str, Any]:
        return {"TableName": self.name, "Key": key_of(self.spec, to_item(entity))}

    async def _put(self, request: Mapping[str, Any]) -> bool:
        """Put an item and return whether its condition held.

        A call whose response was lost is repeated, and then meets its own write: each put carries a mark of its own by
        which a condition that failed for this reason is told from others.
        """
        mark = {"S": uuid.uuid4().hex}
        item: Item = {**request["Item"], _MARK: mark}
        marked: dict[str, Any] = {**request, "Item": item}
        try:
            await self.aws.tables.call("PutItem", marked)
        except ClientError as error:
            if not is_condition_failure(error):
                raise
            stored = await self._again(item)
            return stored is not None and stored.get(_MARK) == mark
        return True

    async def _again(self, key: Item) -> Item | None:
        """Read what is now at the key of an item that could not be written."""
        values = [from_attribute(value) for value in key_of(self.spec, key).values()]
        return await self._item(str(values[0]), sort=values[1] if self.spec.sort else None)
