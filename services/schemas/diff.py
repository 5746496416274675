"""The difference between two versions of a schema, change by change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from services.core.frozen import frozen
from services.designs.schema import Field, Index, Relationship, RelationshipType, SchemaModel, Table

T = TypeVar("T")

_OF_ALL: Final = {"default_policy": "@defaultPolicy", "accounts": "@accounts", "teams": "@teams", "api": "@api"}
"""The paths of what a schema has once. No table's name can have an `@`."""

_SHARED: Final = "Rows that share a value stand in its way: give them different ones before."


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
    """One change.

    `path` names the thing: `users`, `users.email`, `users.indexes.by_email`, `users.@policy`, `teams->users` (with
    `.ownerId` where it names its field), `posts<->tags` (MANY_TO_MANY), `@defaultPolicy`, `@accounts`, `@teams`,
    `@api`.
    """

    kind: ChangeKind
    path: str
    before: Any = None
    """The thing as it was, as JSON without what has its default; None where it was added."""
    after: Any = None
    obstacle: str | None = None
    """Which rows that there are stand in its way, and what to do; None where none can."""


def diff(before: SchemaModel, after: SchemaModel) -> list[SchemaChange]:
    """List what one must change to get from `before` to `after`, tables first, in the order of their names."""
    return [
        *_tables(_by_name(before.tables), _by_name(after.tables)),
        *_pairs(_keyed(map(_settled, before.relationships), _ends), _keyed(map(_settled, after.relationships), _ends)),
        *_pairs(_of_all(before), _of_all(after)),
    ]


def _tables(before: Mapping[str, Table], after: Mapping[str, Table]) -> Iterator[SchemaChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield from _pairs({} if old is None else {name: old}, {} if new is None else {name: new})
            continue
        yield from _pairs(*_renamed(_by_name(old.fields), new.fields), within=f"{name}.", obstacle=_of_field)
        indexes = _by_name(old.indexes), _by_name(new.indexes)
        yield from _pairs(*indexes, within=f"{name}.indexes.", obstacle=_of_index)
        yield from _pairs({"@policy": old.policy}, {"@policy": new.policy}, within=f"{name}.")


def _renamed(before: Mapping[str, Field], fields: Iterable[Field]) -> tuple[dict[str, Field], dict[str, Field]]:
    """Return the fields by the names that they have now, before and after."""
    after = _by_name(fields)
    names: dict[str, str] = {}
    for name, field in after.items():
        former = next((each for each in field.former_names if each in before and each not in after), None)
        if former is not None and name not in before:
            names[former] = name
    return {names.get(name, name): field for name, field in before.items()}, after


def _of_field(old: Field | None, new: Field | None) -> str | None:
    if new is None:
        return None
    if old is not None and old.primary_key != new.primary_key:
        return "A table with rows keeps its primary key: make a new table, and copy them."
    if _is_required(new) and (old is None or not _is_required(old)):
        return "Rows without a value stand in its way: give it a default, let it be null, or give them one before."
    return _SHARED if new.unique and not (old is not None and old.unique) else None


def _is_required(field: Field) -> bool:
    return not (field.nullable or field.primary_key or field.default_value is not None)


def _of_index(old: Index | None, new: Index | None) -> str | None:
    is_new = new is not None and new.unique and (old is None or not old.unique or old.fields != new.fields)
    return _SHARED if is_new else None


def _nothing(old: Any, new: Any) -> None:
    """Nothing stands in the way of most changes."""


def _pairs(
    before: Mapping[str, T],
    after: Mapping[str, T],
    *,
    within: str = "",
    obstacle: Callable[[T | None, T | None], str | None] = _nothing,
) -> Iterator[SchemaChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
        parts = msgspec.to_builtins(old), msgspec.to_builtins(new)
        yield SchemaChange(kind, within + name, *parts, obstacle(old, new))


def _of_all(schema: SchemaModel) -> Mapping[str, Any]:
    return {path: getattr(schema, name) for name, path in _OF_ALL.items()}


def _by_name(things: Iterable[Any]) -> dict[str, Any]:
    return _keyed(things, lambda thing: thing.name)


def _keyed(things: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    """Return things by their keys; where some have the same, as in schemas of long ago, the later ones get a number."""
    keyed: dict[str, T] = {}
    for thing in things:
        base = path = key(thing)
        number = 1
        while path in keyed:
            number += 1
            path = f"{base}#{number}"
        keyed[path] = thing
    return keyed


def _settled(relationship: Relationship) -> Relationship:
    """Return a relationship as it is, whoever says so."""
    return replace(relationship, is_assumed=False)


def _ends(relationship: Relationship) -> str:
    arrow = "<->" if relationship.type is RelationshipType.MANY_TO_MANY else "->"
    ends = f"{relationship.from_table}{arrow}{relationship.to_table}"
    return ends if relationship.field is None else f"{ends}.{relationship.field}"
