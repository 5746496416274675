"""The difference between two versions of a schema, change by change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

import msgspec

from services.core.frozen import frozen
from services.designs.schema import Relationship, SchemaModel, Table

T = TypeVar("T")


class ChangeKind(Enum):
    """What happened to a part of a schema."""

    ADDED = "ADDED"
    """It was not there before."""
    REMOVED = "REMOVED"
    """It is not there any more."""
    CHANGED = "CHANGED"
    """It is different."""


@frozen
class SchemaChange:
    """One change. `path` names the thing: `users`, `users.email`, `users.indexes.by_email`, `teams->users`."""

    kind: ChangeKind
    path: str
    before: Any = None
    """The thing as it was, as JSON; None where it was added."""
    after: Any = None


def diff(before: SchemaModel, after: SchemaModel) -> list[SchemaChange]:
    """List what one must change to get from `before` to `after`, tables first, in the order of their names."""
    return [
        *_tables(_by_name(before.tables), _by_name(after.tables)),
        *_pairs(_keyed(before.relationships, _ends), _keyed(after.relationships, _ends)),
    ]


def _tables(before: Mapping[str, Table], after: Mapping[str, Table]) -> Iterator[SchemaChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield from _pairs({} if old is None else {name: old}, {} if new is None else {name: new})
            continue
        yield from _pairs(_by_name(old.fields), _by_name(new.fields), within=f"{name}.")
        yield from _pairs(_by_name(old.indexes), _by_name(new.indexes), within=f"{name}.indexes.")


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any], *, within: str = "") -> Iterator[SchemaChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
        yield SchemaChange(kind, within + name, msgspec.to_builtins(old), msgspec.to_builtins(new))


def _by_name(things: Iterable[Any]) -> dict[str, Any]:
    return _keyed(things, lambda thing: thing.name)


def _keyed(things: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    return {key(thing): thing for thing in things}


def _ends(relationship: Relationship) -> str:
    return f"{relationship.from_table}->{relationship.to_table}"
