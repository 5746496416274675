"""Reading entities of a table by their ids, as they are now."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Generic, Self

from services.core.errors import Unavailable
from services.core.frozen import frozen
from services.foundation.aws.clients import Aws
from services.foundation.aws.items import Item, from_item, learn, plain
from services.foundation.aws.keys import is_id, key_at
from services.foundation.aws.queries import partition_query
from services.foundation.aws.spec import E, TableSpec

_BATCH: Final = 100
"""Keys of one BatchGetItem: DynamoDB's maximum."""

_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between the calls for keys that DynamoDB left out of an answer, as it does where it is throttled."""


@frozen(kw_only=True)
class Reader(Generic[E]):
    """Reads by the table's own key. Every read is consistent."""

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
        item = await self._item(entity_id, sort=sort)
        return None if item is None else from_item(item, self.spec.entity)

    @property
    def blocking(self) -> Self:
        """The same for threads that may block (calls.at_once)."""
        return replace(self, aws=self.aws.blocking)

    async def find_many(self, keys: Sequence[Sequence[str]]) -> list[E | None]:
        """Return the entities with these keys (partition and, where the table has one, sort key) in their order.

        Those that do not exist are None. A hundred take one call. Raises Unavailable.
        """
        wanted = list(dict.fromkeys(tuple(key) for key in keys))
        batches = [wanted[start : start + _BATCH] for start in range(0, len(wanted), _BATCH)]
        entities: dict[Sequence[str], E] = {}
        for items in await asyncio.gather(*map(self._batch, batches)):
            for item in items:
                entities[tuple(item[name]["S"] for name in self.spec.key)] = from_item(item, self.spec.entity)
        return [entities.get(tuple(key)) for key in keys]

    async def sharing(self, entity_id: str) -> list[E]:
        """Return all entities that share an id. For partitions that stay small."""
        return await self._entities(partition_query(self.name, self.spec, entity_id))

    async def part(self, entity_id: str, *, after: int, limit: int, newest_first: bool = False) -> list[E]:
        """Return entities that share an id, by their numeric sort key above `after`."""
        request = partition_query(self.name, self.spec, entity_id, "#sort > :after", after=after)
        request |= {"ScanIndexForward": not newest_first, "Limit": limit}
        answer = await self.aws.tables.call("Query", request)
        return [from_item(item, self.spec.entity) for item in answer["Items"]]

    async def between(self, entity_id: str, first: str, last: str) -> list[E]:
        """Return all entities that share an id, by their sort key from `first` to `last`, in its order."""
        return await self._entities(self._between(entity_id, first, last))

    async def fields_between(self, entity_id: str, first: str, last: str) -> list[Mapping[str, Any]]:
        """As `between`, all attributes of each item: for a table whose items have more than their entity says."""
        request = self._between(entity_id, first, last)
        return [plain(item) async for items in self._all(request) for item in items]

    def _between(self, entity_id: str, first: str, last: str) -> dict[str, Any]:
        condition = "#sort BETWEEN :first AND :last"
        return partition_query(self.name, self.spec, entity_id, condition, first=first, last=last)

    async def _item(self, entity_id: str, *, sort: object = None) -> Item | None:
        if not is_id(entity_id):
            return None
        request = partition_query(self.name, self.spec, entity_id)
        if sort is not None:
            request = partition_query(self.name, self.spec, entity_id, "#sort = :sort", sort=sort)
        answer = await self.aws.tables.call("Query", {**request, "Limit": 1})
        return next(iter(answer["Items"]), None)

    async def _batch(self, keys: Sequence[Sequence[str]]) -> list[Item]:
        """Read items by their keys, until DynamoDB has answered for each of them."""
        waiting: Any = {self.name: {"Keys": [key_at(self.spec, key) for key in keys], "ConsistentRead": True}}
        items: list[Item] = []
        for pause in _PAUSES:
            answer = await self.aws.tables.call("BatchGetItem", {"RequestItems": waiting})
            items += answer["Responses"].get(self.name, [])
            waiting = answer.get("UnprocessedKeys")
            if not waiting:
                return items
            await asyncio.sleep(pause)
        raise Unavailable("The database is busy; try again.")

    async def _entities(self, request: Mapping[str, Any]) -> list[E]:
        return [from_item(item, self.spec.entity) async for items in self._all(request) for item in items]

    async def _all(self, request: Mapping[str, Any]) -> AsyncGenerator[list[Item]]:
        """Yield all items of a query, as DynamoDB's pages bring them."""
        start: dict[str, Any] = {}
        while True:
            answer = await self.aws.tables.call("Query", {**request, **start})
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
