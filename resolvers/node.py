"""The interface of everything that has an id."""

import strawberry


@strawberry.interface
class Node:
    """Something with a globally unique id."""

    id: strawberry.ID
    """A type prefix and a UUIDv7 that sorts by creation, such as `project_01jd8f7k2sfvrb0e1f2g3h4j5k`."""
