"""The translation between entities (frozen structs) and DynamoDB items."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, Final, TypeVar

import msgspec

from services.core.clock import iso

Item = dict[str, Any]
"""A DynamoDB item in the wire's typed form: `{"id": {"S": "…"}}`."""

NUMBERS: Final = "38 digits, from 1E-130 to 9.9E+125"
"""What a number may be (Amazon DynamoDB Developer Guide, Supported data types)."""
_DIGITS: Final = 38
_EXPONENTS: Final = range(-130, 126)

E = TypeVar("E", bound=msgspec.Struct)


class Entity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What every stored thing has. `version` counts its updates, from 1."""

    id: str
    created_at: datetime
    updated_at: datetime
    version: int = 1


def to_item(entity: msgspec.Struct) -> Item:
    """Write an entity; fields that are None are left out, since a key of an index may not be null."""
    fields: dict[str, Any] = msgspec.to_builtins(entity, builtin_types=(datetime, bytes))
    return {name: to_attribute(value) for name, value in fields.items() if value is not None}


def learn(entity: type[msgspec.Struct]) -> None:
    """Have msgspec work out how an entity is read, before several threads read the first ones at once.

    msgspec 0.22 keeps a half-made description of a class where a second thread finds it, and then crashes the process.
    """
    msgspec.json.Decoder(entity)


def from_item(item: Mapping[str, Any], entity: type[E]) -> E:
    """Read an entity. Attributes that it does not know are ignored, so that data may grow before code."""
    return msgspec.convert(plain(item), entity)


def plain(item: Mapping[str, Any]) -> dict[str, object]:
    """Read all attributes of an item. Most are strings: those are taken without a call, in a third of the time."""
    return {name: value["S"] if "S" in value else from_attribute(value) for name, value in item.items()}


def to_attribute(value: object) -> dict[str, Any]:
    """Write one value as a typed attribute (Amazon DynamoDB API Reference, AttributeValue). A frozenset is of ints."""
    write = _WRITE.get(type(value))
    if write is None:
        write = next((write for kind, write in _WRITE.items() if isinstance(value, kind)), None)
    if write is None:
        raise TypeError(f"DynamoDB has no attribute type for {type(value).__name__}")
    return write(value)


def is_storable_number(value: float) -> bool:
    """Tell whether DynamoDB holds a number, on either side of zero: what is beyond NUMBERS it refuses."""
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    if not number.is_finite():
        return False
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return not digits or (len(digits) <= _DIGITS and number.adjusted() in _EXPONENTS)


def from_attribute(attribute: Mapping[str, Any]) -> object:
    """Read one typed attribute. Numbers with a fraction or exponent become floats, others ints."""
    if "S" in attribute:
        return attribute["S"]
    ((kind, value),) = attribute.items()
    return _READ[kind](value)


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    "N": _number,
    "BOOL": bool,
    "NULL": lambda _: None,
    "L": lambda values: [from_attribute(value) for value in values],
    "M": plain,
    "NS": lambda values: frozenset(map(_number, values)),
    "SS": frozenset,
    "B": lambda value: value if isinstance(value, bytes) else base64.b64decode(value),
}

_WRITE: Final[Mapping[type, Callable[[Any], dict[str, Any]]]] = {
    str: lambda text: {"S": text},
    int: lambda number: {"N": repr(number)},
    float: lambda number: {"N": repr(number)},
    bool: lambda value: {"BOOL": value},
    NoneType: lambda _: {"NULL": True},
    list: lambda values: {"L": [to_attribute(value) for value in values]},
    tuple: lambda values: {"L": [to_attribute(value) for value in values]},
    dict: lambda values: {"M": {name: to_attribute(value) for name, value in values.items()}},
    frozenset: lambda numbers: {"NS": [repr(number) for number in numbers]},
    bytes: lambda value: {"B": value},
    datetime: lambda moment: {"S": iso(moment)},
    Enum: lambda value: {"S": value.value},
}
