"""The keys of items, from the declaration of their table."""

from collections.abc import Sequence
from typing import Any, Final

from services.core.text import is_storable
from services.foundation.aws.items import Item, to_attribute
from services.foundation.aws.spec import TableSpec

KEY_BYTES: Final = 2048
"""DynamoDB's limit of a partition key; a longer or empty one is an error there, and here the id of nothing."""

Key = Sequence[str | int]
"""The values of a key: the partition's and, where the table has one, the sort key's."""


def key_of(spec: TableSpec[Any], item: Item) -> Item:
    """Return the key of an item."""
    return {name: item[name] for name in spec.key}


def key_at(spec: TableSpec[Any], values: Key) -> Item:
    """Return the key that has these values."""
    return {name: to_attribute(value) for name, value in zip(spec.key, values, strict=True)}


def is_id(text: str) -> bool:
    """Tell whether DynamoDB could hold an item with this id."""
    return is_storable(text) and 1 <= len(text.encode()) <= KEY_BYTES
