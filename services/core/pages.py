"""Paging: keyset cursors over a table's own keys, never offsets."""

import base64
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import msgspec

from services.core.errors import Invalid
from services.core.frozen import frozen
from services.core.text import is_storable

MAX_FIRST: Final = 100

LONGEST: Final = 8_192
"""Characters of a cursor: four keys of the most bytes that they take in an index, and more."""
DIGITS: Final = 18
"""Of a number in a cursor."""

T = TypeVar("T")


@frozen
class PageRequest:
    """The first `first` (1 to 100) things after the cursor `after`, or from the start."""

    first: int = 20
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= MAX_FIRST:
            raise Invalid.one(f"first must be from 1 to {MAX_FIRST}.", "first")


@frozen
class Page(Generic[T]):
    """Some things in order, each with the cursor that continues after it."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    end: str | None = None
    """The cursor of how far was looked, where that is behind the last item; more may follow."""

    @property
    def next_cursor(self) -> str | None:
        """What the next page goes on from."""
        return self.end or (self.cursors[-1] if self.cursors else None)


def encode_cursor(key: Sequence[str | int]) -> str:
    """Write a key as an opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str, *, parts: int) -> list[str | int]:
    """Read a cursor back. Raises Invalid for text that is not one of ours."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if len(cursor) <= LONGEST else b""
        key = msgspec.json.decode(plain, type=list[str | int])
    except (ValueError, RecursionError):
        key = []
    if len(key) != parts or not all(map(_is_part, key)):
        raise Invalid.one("after is not a cursor of this list.", "after")
    return key


def _is_part(part: str | int) -> bool:
    """Say whether a key of DynamoDB can be such: numbers have at most 38 digits there."""
    return is_storable(part) if isinstance(part, str) else abs(part) < 10**DIGITS
