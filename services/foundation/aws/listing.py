"""Listing the entities of one partition of an index: by pages, all of them, or only their number."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from services.core.frozen import frozen
from services.core.pages import Page, PageRequest
from services.foundation.aws.items import Item, from_item
from services.foundation.aws.queries import cursors_of, index_query, start_after
from services.foundation.aws.reading import Reader
from services.foundation.aws.spec import E

MOST_COUNTED: Final = 10
"""Calls of one count, of 1 MB each."""

_AT_ONCE: Final = 100
"""Items of each call of `every`: reading many takes the loop's time."""


@frozen(kw_only=True)
class Lister(Reader[E]):
    """Reads by the table's indexes, which follow its items within a moment."""

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
            more["Limit"] = max(page.first + 1, 25 if where else 1)
            answer = await self.aws.tables.call("Query", {**request, **more})
            items += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if not start:
                break
        shown = items[: page.first]
        return Page(
            items=[from_item(item, self.spec.entity) for item in shown],
            cursors=cursors_of(self.spec, index, shown),
            has_next=len(items) > page.first,
        )

    async def latest(self, index_name: str, partition: str) -> E | None:
        """Return the entity with the highest sort key in one partition of an index."""
        page = await self.query(index_name, partition, PageRequest(first=1))
        return page.items[0] if page.items else None

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
        request = index_query(self.name, index, partition, where or {}, since=since, newest_first=True)
        count = 0
        for _ in range(MOST_COUNTED):
            answer = await self.aws.tables.call("Query", {**request, "Select": "COUNT"})
            count += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return count
