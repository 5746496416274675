"""The translation between entities (frozen structs) and DynamoDB items."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeVar, cast

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
    """Read all attributes of an item."""
    return {name: from_attribute(value) for name, value in item.items()}


def to_attribute(value: object) -> dict[str, Any]:  # noqa: C901, PLR0911 - one line a type
    """Write one value as a typed attribute (Amazon DynamoDB API Reference, AttributeValue). A frozenset is of ints."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": repr(value)}
        case bytes():
            return {"B": value}
        case datetime():
            return {"S": iso(value)}
        case Enum():
            return {"S": value.value}
        case frozenset():
            return {"NS": [repr(number) for number in cast("frozenset[int | float]", value)]}
        case dict():
            return {"M": {key: to_attribute(inner) for key, inner in value.items()}}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON
        case list() | tuple():
            return {"L": [to_attribute(inner) for inner in value]}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON
        case _:
            raise TypeError(f"DynamoDB has no attribute type for {type(value).__name__}")


def is_storable_number(value: float) -> bool:
    """Tell whether DynamoDB holds a number, on either side of zero: what is beyond NUMBERS it refuses."""
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    if not number.is_finite():
        return False
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return not digits or (len(digits) <= _DIGITS and number.adjusted() in _EXPONENTS)


def from_attribute(attribute: Mapping[str, Any]) -> object:
    """Read one typed attribute. Numbers with a fraction or exponent become floats, others ints."""
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return _number(value)
        case "NS":
            return frozenset(map(_number, value))
        case "M":
            return {key: from_attribute(inner) for key, inner in value.items()}
        case "L":
            return [from_attribute(inner) for inner in value]
        case _:
            return value


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
