"""Lists: Relay connections (https://relay.dev/graphql/connections.htm) with keyset cursors."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from services.core.pages import Page

N = TypeVar("N")
M = TypeVar("M")

First = Annotated[int, strawberry.argument(description="How many to return: 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Return what follows this cursor; null for the start.")]


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    """Whether more follow, or may follow, `endCursor`."""
    has_previous_page: bool
    """Whether this page was asked for with `after`."""
    start_cursor: str | None
    """The cursor of the first item; null where the page is empty."""
    end_cursor: str | None
    """For the next page's `after`: the cursor of the last item, or, where much was looked through for few items, of how
    far that went. Null where the page is empty and nothing follows."""


# Strawberry copies a generic type for each use as soon as it is used, before docstrings become descriptions
# (graph.descriptions): the two generics carry theirs themselves.


@strawberry.type(description="An item of a list, with its position.")
class Edge(Generic[N]):
    cursor: str = strawberry.field(description="Opaque; pass it as `after` to continue behind this item.")
    node: N = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    edges: list[Edge[N]] = strawberry.field(description="The items with their cursors.")
    nodes: list[N] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")


def connection(page: Page[M], show: Callable[[M], N], *, after: str | None) -> Connection[N]:
    """Show a page of the services."""
    nodes = [show(item) for item in page.items]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.next_cursor,
        ),
    )
