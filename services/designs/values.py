"""Whether a JSON value is one of a field's type, and one that a backend keeps as it is."""

import re
import sys
from datetime import date, datetime
from typing import Any, Final, cast

from services.core.clock import MOMENT
from services.core.text import is_storable
from services.designs.bounds import MAX_LEVELS
from services.designs.schema import FieldType
from services.foundation.aws.items import NUMBERS, is_storable_number

DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?")
SAFE_INTEGER: Final = 2**53 - 1
"""What JavaScript holds without rounding (ECMA-262, Number.MAX_SAFE_INTEGER)."""

_LARGEST: Final = sys.float_info.max


def flaw_of_value(kind: FieldType, value: object) -> str | None:
    """Return what is wrong with a value of a field, as the end of a sentence; None where nothing is."""
    if not is_of(kind, value):
        return f"is not a value of the type {kind.value}."
    return _flaw_of_json(value, _LARGEST if kind is FieldType.FLOAT else SAFE_INTEGER)


def is_of(kind: FieldType, value: object) -> bool:
    """Return whether a JSON value is one of the type. True is no number here, though Python takes it for one."""
    match kind:
        case FieldType.STRING | FieldType.TEXT:
            is_of = isinstance(value, str)
        case FieldType.INTEGER:
            is_of = isinstance(value, int) and not isinstance(value, bool)
        case FieldType.FLOAT:
            is_of = isinstance(value, int | float) and not isinstance(value, bool)
        case FieldType.DECIMAL:
            is_of = isinstance(value, str) and DECIMAL.fullmatch(value) is not None
        case FieldType.BOOLEAN:
            is_of = isinstance(value, bool)
        case FieldType.DATE:
            is_of = isinstance(value, str) and is_date(value)
        case FieldType.DATETIME:
            is_of = isinstance(value, str) and is_moment(value)
        case FieldType.JSON:
            is_of = True
    return is_of


def _flaw_of_json(value: object, largest: float) -> str | None:
    """Return why a backend could not keep a JSON value as it is: JavaScript and DynamoDB hold less than JSON does.

    DynamoDB does not tell `1e20` from a whole number, so within JSON neither is beyond what JavaScript counts up to.
    """
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        part, level = waiting.pop()
        if level > MAX_LEVELS:
            return f"nests more than {MAX_LEVELS} levels deep."
        match part:
            case dict():
                members = cast("dict[str, Any]", part)
                if "__proto__" in members:
                    return "has the name '__proto__', which JavaScript does not take for one like others."
                waiting += [(inner, level + 1) for item in members.items() for inner in item]
            case list():
                waiting += [(inner, level + 1) for inner in cast("list[Any]", part)]
            case str() if not is_storable(part):
                return "has a text with NUL or half of a surrogate pair."
            case bool():
                pass
            case int() | float() if not is_storable_number(part):
                return f"has a number that the database does not hold: it takes {NUMBERS}."
            case int() | float() if abs(part) > largest:
                return "has a number beyond ±(2^53 - 1), where JavaScript rounds."
            case _:
                pass
    return None


def is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_moment(text: str) -> bool:
    try:
        return MOMENT.fullmatch(text) is not None and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
