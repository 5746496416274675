"""Counting what is sent, before any of it is coerced: the items of each list, all values, and how deep they nest.

Coercion takes some microseconds for each value, and comes before any service is asked whether the caller may. A literal
and a variable are counted alike, where they are used: a variable twice where two fields take it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    VariableNode,
)

from graph.lengths import length_of, unwrapped
from resolvers.lists import AtMost
from services.core.errors import Fault
from services.core.frozen import frozen
from services.core.text import Kind, flaw, is_storable

MOST_VALUES: Final = 20_000
"""Of all arguments of an operation. Of what is within a JSON scalar, which nobody coerces, only objects and lists
count, and how many items each of them has. A thousand events that leave nothing out are 16,000."""

MOST_LEVELS: Final = 32
"""Values within values, those of a JSON scalar included."""

_WITH_MORE: Final = frozenset({dict, list, ListValueNode, ObjectValueNode, VariableNode})
"""The kinds of values that may hold others."""


class TooMuch(Exception):
    """The arguments of an operation hold too many values, or nest too deeply."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@frozen
class _Value:
    """A value that may hold others. `kind` is None within a JSON scalar, and where nothing is expected."""

    given: object
    kind: Any
    at_most: AtMost | None
    level: int
    within: "_Value | None"
    name: str

    @property
    def path(self) -> tuple[str, ...]:
        return (*(() if self.within is None else self.within.path), self.name)


@dataclass(slots=True)
class Inputs:
    """Counts the arguments of an operation, whose variables these are: as they were sent, with its defaults."""

    variables: Mapping[str, object]
    _values: int = 0
    _overlong: list[list[object]] = field(default_factory=list[list[object]])

    def faults(self, node: FieldNode, arguments: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield which lists of a field's arguments are too long, and which strings are no text. Raises TooMuch."""
        waiting = [
            _value(definition, argument.value, argument.name.value, within=None)
            for argument in node.arguments or ()
            if (definition := arguments.get(argument.name.value)) is not None
        ]
        while waiting:
            value = waiting.pop()
            if value.level > MOST_LEVELS:
                raise TooMuch(f"The arguments nest more than {MOST_LEVELS} levels deep.")
            if (wrong := _flaw(self._sent(value.given))) is not None:
                yield Fault(f"{value.name} {wrong}", value.path)
                continue
            items = self._items(value.given)
            if not isinstance(items, Mapping) and value.at_most is not None and len(items) > value.at_most.items:
                most = value.at_most.items
                yield Fault(f"At most {most:,} items are taken here; these are {len(items):,}.", value.path)
                if isinstance(items, list):
                    self._overlong.append(items)
                continue
            self._values += 1 if value.kind is None else 1 + len(items)
            if max(self._values, len(items)) > MOST_VALUES:
                raise TooMuch(f"The arguments hold more than {MOST_VALUES:,} values.")
            waiting += _in_object(value, items) if isinstance(items, Mapping) else _in_list(value, items)

    def empty(self) -> None:
        """Empty the variables' lists that have too many items, so that nobody coerces them."""
        for items in self._overlong:
            items.clear()

    def _sent(self, given: object) -> object:
        return self.variables.get(given.name.value) if isinstance(given, VariableNode) else given

    def _items(self, given: object) -> Mapping[str, object] | Sequence[object]:
        match self._sent(given):
            case dict() | list() as items:  # pyright: ignore[reportUnknownVariableType] - JSON
                return items  # pyright: ignore[reportUnknownVariableType] - JSON
            case ListValueNode(values=values):
                return values
            case ObjectValueNode(fields=fields):
                return {item.name.value: item.value for item in fields}
            case _:
                return ()


def _flaw(given: object) -> str | None:
    """Return what is wrong with a string that nothing can keep, whatever the rules of its field are."""
    text = given.value if isinstance(given, StringValueNode) else given
    return flaw(text, Kind.LINES) if isinstance(text, str) and not is_storable(text) else None


def _is_of_interest(item: object) -> bool:
    return type(item) in _WITH_MORE or _flaw(item) is not None


def _value(element: Any, given: object, name: str, *, within: _Value | None) -> _Value:
    """Return the value of an argument, or of an input object's field."""
    length = length_of(element)
    at_most = length if isinstance(length, AtMost) else None
    return _Value(given, element.type, at_most, 0 if within is None else within.level + 1, within, name)


def _in_object(value: _Value, items: Mapping[str, object]) -> Iterator[_Value]:
    kind = unwrapped(value.kind, GraphQLNonNull, GraphQLList)  # a list takes an object as its only item
    fields: Mapping[str, Any] = kind.fields if isinstance(kind, GraphQLInputObjectType) else {}
    for name, item in items.items():
        if not is_storable(name):
            yield _Value(name, None, None, value.level + 1, value, "a name")
        if _is_of_interest(item):
            inner = fields.get(name)
            yield (
                _Value(item, None, None, value.level + 1, value, name)
                if inner is None
                else _value(inner, item, name, within=value)
            )


def _in_list(value: _Value, items: Sequence[object]) -> Iterator[_Value]:
    kind = unwrapped(value.kind, GraphQLNonNull)
    of = unwrapped(kind, GraphQLList) if isinstance(kind, GraphQLList) else None
    for number, item in enumerate(items):
        if _is_of_interest(item):
            yield _Value(item, of, None, value.level + 1, value, str(number))
