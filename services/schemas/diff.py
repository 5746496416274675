"""The difference between two versions of a schema, change by change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, TypeVar

import msgspec

from services.core.frozen import frozen
from services.designs.schema import Field, Relationship, RelationshipType, SchemaModel, Table

T = TypeVar("T")

_OF_ALL: Final = {"default_policy": "@defaultPolicy", "accounts": "@accounts", "teams": "@teams", "api": "@api"}
"""The paths of what a schema has once. No table's name can have an `@`."""


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


def diff(before: SchemaModel, after: SchemaModel) -> list[SchemaChange]:
    """List what one must change to get from `before` to `after`, tables first, in the order of their names."""
    return [
        *_tables(_by_name(before.tables), _by_name(after.tables)),
        *_pairs(_keyed(before.relationships, _ends), _keyed(after.relationships, _ends)),
        *_pairs(_of_all(before), _of_all(after)),
    ]


def _tables(before: Mapping[str, Table], after: Mapping[str, Table]) -> Iterator[SchemaChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield from _pairs({} if old is None else {name: old}, {} if new is None else {name: new})
            continue
        yield from _pairs(*_renamed(_by_name(old.fields), new.fields), within=f"{name}.")
        yield from _pairs(_by_name(old.indexes), _by_name(new.indexes), within=f"{name}.indexes.")
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


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any], *, within: str = "") -> Iterator[SchemaChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
        yield SchemaChange(kind, within + name, msgspec.to_builtins(old), msgspec.to_builtins(new))


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


def _ends(relationship: Relationship) -> str:
    arrow = "<->" if relationship.type is RelationshipType.MANY_TO_MANY else "->"
    ends = f"{relationship.from_table}{arrow}{relationship.to_table}"
    return ends if relationship.field is None else f"{ends}.{relationship.field}"
