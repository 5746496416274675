"""Looking up anything by its id."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

import strawberry

from resolvers.context import Info
from resolvers.lists import AsLongAs, AtMost
from resolvers.node import Node
from resolvers.shown import seen, shown

MOST: Final = 100


async def _find(info: Info, object_id: str) -> Node | None:
    return shown(await seen(info.context.services, object_id, by=info.context.actor))


def _number_of_ids(arguments: Mapping[str, Any]) -> int:
    ids: Any = arguments.get("ids")
    return len(ids) if isinstance(ids, list) else 1  # pyright: ignore[reportUnknownArgumentType] - JSON


@strawberry.type
class NodesQuery:
    @strawberry.field
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of anything.")]
    ) -> Node | None:
        """Return anything by its id; null where there is no such thing or you may not see it."""
        return await _find(info, id)

    @strawberry.field
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Ids of anything."), AtMost(MOST)],
    ) -> Annotated[list[Node | None], AsLongAs(_number_of_ids)]:
        """Return several things by their ids, in the order of the ids."""
        return list(await asyncio.gather(*(_find(info, object_id) for object_id in ids)))
