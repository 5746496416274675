"""This file is paging: keyset cursors over a table's own keys, never offsets."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from services.core.errors import Invalid

MAX_FIRST: Final = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The first `first` (1 to 100) things after the cursor `after`, or from the start."""

    first: int = 20
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= MAX_FIRST:
            raise Invalid.one(f"first must be from 1 to {MAX_FIRST}.", "first")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some things in order, each with the cursor that continues after it."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool


def encode_cursor(key: Sequence[str | int]) -> str:
    """Write a key as an opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, parts: int) -> list[str | int]:
    """Read a cursor back. Raises Invalid for text that is not one of ours."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        key = None
    if not isinstance(key, list) or len(key) != parts or not all(isinstance(part, str | int) for part in key):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - JSON
        raise Invalid.one("after is not a cursor of this list.", "after")
    return key  # pyright: ignore[reportUnknownVariableType] - checked above
