"""The DynamoDB table mapper: reading and writing the entities of a declared table."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic

import msgspec
from botocore.exceptions import ClientError

from services.core.errors import Conflict, Unavailable
from services.core.pages import Page, PageRequest
from services.core.text import is_storable
from services.foundation.aws.clients import Aws
from services.foundation.aws.items import Item, from_item, learn, to_attribute, to_item
from services.foundation.aws.queries import cursor_of, index_query, start_after
from services.foundation.aws.spec import E, TableSpec

CONTENTION: Final = 20
"""How often an update is tried again when others keep changing the same item."""

KEY_BYTES: Final = 2048
"""DynamoDB's limit of a partition key; a longer or empty one is an error there, and here the id of nothing."""
MOST_COUNTED: Final = 10
"""Calls of one count, of 1 MB each."""

_BATCH: Final = 100
"""Keys of one BatchGetItem: DynamoDB's maximum."""

_AT_ONCE: Final = 100
"""Items of each call of `every`: reading many takes the loop's time."""

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between the calls for keys that DynamoDB left out of an answer, as it does where it is throttled."""

_MARK: Final = "_write"
"""The attribute that tells one write of an item from another."""


class AlreadyExists(Exception):
    """An item with this key is there already; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[E]):
    """Reads and writes entities of one table. Every write is conditional."""

    aws: Aws
    spec: TableSpec[E]
    name: str
    """The table's full name in this stage."""
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        learn(self.spec.entity)

    async def find(self, entity_id: str, *, sort: str | None = None) -> E | None:
        """Return the entity with this id as it is now (a consistent read), or None.

        `sort` is its sort key, where several entities share an id.
        """
        return await self.aws.run(self.find_blocking, entity_id, sort=sort)

    def find_blocking(self, entity_id: str, *, sort: str | None = None) -> E | None:
        """As `find`, for a thread that may block."""
        item = self._item(entity_id, sort=None if sort is None else to_attribute(sort))
        return None if item is None else from_item(item, self.spec.entity)

    async def find_many(self, keys: Sequence[Sequence[str]]) -> list[E | None]:
        """Return the entities with these keys (partition and, where the table has one, sort key) in their order.

        Those that do not exist are None. A hundred take one call, and are read consistently. Raises Unavailable.
        """
        found: dict[Sequence[str], E] = {}
        wanted = list(dict.fromkeys(tuple(key) for key in keys))
        for start in range(0, len(wanted), _BATCH):
            for item in await self._batch(wanted[start : start + _BATCH]):
                found[tuple(item[name]["S"] for name in self.spec.key)] = from_item(item, self.spec.entity)
        return [found.get(tuple(key)) for key in keys]

    async def put_new(self, entity: E) -> None:
        """Store a new entity. Raises AlreadyExists where its key is taken."""
        if not await self.aws.run(self._put, self._creation(entity)):
            raise AlreadyExists(entity.id)

    async def sharing(self, entity_id: str) -> list[E]:
        """Return all entities that share an id, as they are now (a consistent read). For partitions that stay small."""
        request = {
            "TableName": self.name,
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": entity_id}},
            "ConsistentRead": True,
        }
        return [from_item(item, self.spec.entity) async for items in self._all(request) for item in items]

    async def update(self, entity_id: str, change: Callable[[E], E], *, sort: str | None = None) -> E | None:
        """Replace an entity by `change` of it, and return the new one; None where it does not exist.

        `change` may be called several times, must have no effect of its own, and may raise to write nothing. Returning
        its argument writes nothing. `version` and `updated_at` are set here.
        """
        return await self.aws.run(self.update_blocking, entity_id, change, sort=sort)

    def update_blocking(self, entity_id: str, change: Callable[[E], E], *, sort: str | None = None) -> E | None:
        """As `update`, for a thread that may block."""
        for _ in range(CONTENTION):
            old = self.find_blocking(entity_id, sort=sort)
            if old is None:
                return None
            changed = change(old)
            if changed is old:
                return old
            new = msgspec.structs.replace(changed, version=old.version + 1, updated_at=self.now())
            if self._put({"TableName": self.name, "Item": to_item(new), **_version_is(old.version)}):
                return new
        raise Conflict("Too many changes at once; try again.")

    async def increment(self, entity: E, attribute: str) -> int | None:
        """Add one to a number of an entity in one step, however many do so at once, and return it; None if it is gone.

        A repeat by boto adds another one: for numbers that may have gaps.
        """
        try:
            answer = await self.aws.run(
                self.aws.dynamodb.update_item,
                TableName=self.name,
                Key=self._key_of(to_item(entity)),
                UpdateExpression="ADD #number :one, #version :one",
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeNames={"#number": attribute, "#version": "version"},
                ExpressionAttributeValues={":one": {"N": "1"}},
                ReturnValues="UPDATED_NEW",
            )
        except ClientError as error:
            if is_condition_failure(error):
                return None
            raise
        return int(answer["Attributes"][attribute].get("N", "0"))

    async def delete(self, entity: E) -> bool:
        """Delete the entity if it is still as given; return whether it was."""
        key = self._key_of(to_item(entity))
        sort = key.get(self.spec.sort or "")
        try:
            await self.aws.run(
                self.aws.dynamodb.delete_item, TableName=self.name, Key=key, **_version_is(entity.version)
            )
        except ClientError as error:
            if is_condition_failure(error):
                return await self.aws.run(self._item, entity.id, sort=sort) is None
            raise
        return True

    async def remove(self, entity: E) -> None:
        """Delete the entity, whatever has become of it meanwhile. Repeating is harmless."""
        key = self._key_of(to_item(entity))
        await self.aws.run(self.aws.dynamodb.delete_item, TableName=self.name, Key=key)

    async def query(
        self,
        index_name: str,
        partition: str,
        page: PageRequest,
        *,
        where: Mapping[str, str] | None = None,
        between: tuple[str, str] | None = None,
        newest_first: bool = True,
    ) -> Page[E]:
        """Return a page of the entities in one partition of an index, in the order of its sort key.

        `between` keeps those whose sort key is from the first to the second text.

        `where` keeps those whose attributes equal the given values; a value of the index's sort key is looked up,
        others are filtered out of the whole partition.
        """
        index = self.spec.index(index_name)
        start: Any = start_after(self.spec, index, partition, page.after)
        request = index_query(self.name, index, partition, where or {}, between=between, newest_first=newest_first)
        items: list[Item] = []
        while len(items) <= page.first:
            more: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
            answer = await self.aws.run(
                self.aws.dynamodb.query, **request, Limit=max(page.first + 1, 25 if where else 1), **more
            )
            items += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if not start:
                break
        shown = items[: page.first]
        return Page(
            items=[from_item(item, self.spec.entity) for item in shown],
            cursors=[cursor_of(self.spec, index, item) for item in shown],
            has_next=len(items) > page.first,
        )

    async def every(
        self, index_name: str, partition: str, *, where: Mapping[str, str] | None = None, newest_first: bool = False
    ) -> AsyncGenerator[E]:
        """Yield all entities of one partition of an index, the oldest first, however many there are.

        `where` is as in `query`. Entities may change or go meanwhile, those that were yielded and others.
        """
        request = index_query(self.name, self.spec.index(index_name), partition, where or {}, newest_first=newest_first)
        async for items in self._all({**request, "Limit": _AT_ONCE}):
            for item in items:
                yield from_item(item, self.spec.entity)

    async def pages(self, index_name: str, partition: str, *, between: tuple[str, str]) -> AsyncGenerator[list[E]]:
        """Yield all entities of one partition of an index between two sort keys, in their order, 1 MB at a time."""
        request = index_query(
            self.name, self.spec.index(index_name), partition, {}, between=between, newest_first=False
        )
        async for items in self._all(request):
            yield [from_item(item, self.spec.entity) for item in items]

    async def count(
        self, index_name: str, partition: str, *, where: Mapping[str, str] | None = None, since: str | None = None
    ) -> int:
        """Count the entities in one partition of an index, `since` a value of its sort key; up to MOST_COUNTED MB.

        `where` counts those whose attributes equal the given values.
        """
        index = self.spec.index(index_name)
        request = index_query(self.name, index, partition, where or {}, newest_first=True)
        if since is not None:
            request["KeyConditionExpression"] += " AND #since >= :since"
            request["ExpressionAttributeNames"]["#since"] = index.sort
            request["ExpressionAttributeValues"][":since"] = {"S": since}
        found = 0
        for _ in range(MOST_COUNTED):
            answer = await self.aws.run(self.aws.dynamodb.query, **request, Select="COUNT")
            found += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found

    async def part(self, entity_id: str, *, after: int, limit: int, newest_first: bool = False) -> list[E]:
        """Return entities that share an id, by their numeric sort key above `after`."""
        answer = await self.aws.run(
            self.aws.dynamodb.query,
            TableName=self.name,
            KeyConditionExpression="#id = :id AND #sort > :after",
            ExpressionAttributeNames={"#id": self.spec.partition, "#sort": self.spec.key[-1]},
            ExpressionAttributeValues={":id": {"S": entity_id}, ":after": {"N": str(after)}},
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
            Limit=limit,
        )
        return [from_item(item, self.spec.entity) for item in answer["Items"]]

    async def between(self, entity_id: str, first: str, last: str) -> list[E]:
        """Return all entities that share an id, by their sort key from `first` to `last`, in its order."""
        request = {
            "TableName": self.name,
            "KeyConditionExpression": "id = :id AND #sort BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#sort": self.spec.key[-1]},
            "ExpressionAttributeValues": {":id": {"S": entity_id}, ":first": {"S": first}, ":last": {"S": last}},
            "ConsistentRead": True,
        }
        return [from_item(item, self.spec.entity) async for items in self._all(request) for item in items]

    async def latest(self, index_name: str, partition: str) -> E | None:
        """Return the entity with the highest sort key in one partition of an index."""
        page = await self.query(index_name, partition, PageRequest(first=1))
        return page.items[0] if page.items else None

    def creation(self, entity: E) -> dict[str, Any]:
        """Return the transaction part that stores a new entity."""
        return {"Put": self._creation(entity)}

    def replacement(self, old: E, new: E) -> dict[str, Any]:
        """Return the transaction part that replaces an entity unless it has changed since it was read."""
        stamped = msgspec.structs.replace(new, version=old.version + 1, updated_at=self.now())
        return {"Put": {"TableName": self.name, "Item": to_item(stamped), **_version_is(old.version)}}

    def removal(self, entity: E) -> dict[str, Any]:
        """Return the transaction part that deletes an entity unless it has changed since it was read."""
        key = self._key_of(to_item(entity))
        return {"Delete": {"TableName": self.name, "Key": key, **_version_is(entity.version)}}

    def presence(self, entity: E) -> dict[str, Any]:
        """Return the transaction part that holds only while the entity exists."""
        key = self._key_of(to_item(entity))
        return {"ConditionCheck": {"TableName": self.name, "Key": key, "ConditionExpression": "attribute_exists(id)"}}

    async def _all(self, request: Mapping[str, Any]) -> AsyncGenerator[list[Item]]:
        """Yield all items of a query, as DynamoDB's pages bring them."""
        start: dict[str, Any] = {}
        while True:
            answer: Any = await self.aws.run(self.aws.dynamodb.query, **{**request, **start})
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _creation(self, entity: E) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "Item": to_item(entity),
            "ConditionExpression": "attribute_not_exists(#id)",
            "ExpressionAttributeNames": {"#id": self.spec.partition},
        }

    def _put(self, request: Mapping[str, Any]) -> bool:
        """Put an item and return whether its condition held.

        boto repeats a call whose response was lost, and then meets its own write: each put carries a mark of its own by
        which a condition that failed for this reason is told from others.
        """
        mark = {"S": uuid.uuid4().hex}
        item: Item = {**request["Item"], _MARK: mark}
        marked: dict[str, Any] = {**request, "Item": item}
        try:
            self.aws.dynamodb.put_item(**marked)
        except ClientError as error:
            if not is_condition_failure(error):
                raise
            found = self._item(item[self.spec.partition]["S"], sort=item.get(self.spec.sort or ""))
            return found is not None and found.get(_MARK) == mark
        return True

    def _item(self, entity_id: str, *, sort: Item | None = None) -> Item | None:
        if not is_storable(entity_id) or not 1 <= len(entity_id.encode()) <= KEY_BYTES:
            return None
        condition, values, names = "#id = :id", {":id": {"S": entity_id}}, {"#id": self.spec.partition}
        if sort is not None:
            condition = "#id = :id AND #sort = :sort"
            values[":sort"], names["#sort"] = sort, self.spec.key[-1]
        answer = self.aws.dynamodb.query(
            TableName=self.name,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            Limit=1,
        )
        return next(iter(answer["Items"]), None)

    async def _batch(self, keys: Sequence[Sequence[str]]) -> list[Item]:
        """Read items by their keys, until DynamoDB has answered for each of them."""
        asked = [{name: {"S": part} for name, part in zip(self.spec.key, key, strict=True)} for key in keys]
        waiting: Any = {self.name: {"Keys": asked, "ConsistentRead": True}}
        found: list[Item] = []
        for pause in _PAUSES:
            answer = await self.aws.run(self.aws.dynamodb.batch_get_item, RequestItems=waiting)
            found += answer["Responses"].get(self.name, [])
            waiting = answer.get("UnprocessedKeys")
            if not waiting:
                return found
            await asyncio.sleep(pause)
        raise Unavailable("The database is busy; try again.")

    def _key_of(self, item: Item) -> Item:
        return {name: item[name] for name in self.spec.key}


async def transact(aws: Aws, parts: Sequence[Mapping[str, Any]]) -> bool:
    """Write all parts or none; return False where a condition failed or another transaction was in the way."""
    try:
        await aws.run(aws.dynamodb.transact_write_items, TransactItems=list(parts))  # pyright: ignore[reportArgumentType] - built above
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "TransactionCanceledException":
            return False
        raise
    return True


def is_condition_failure(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"


def _version_is(version: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }
