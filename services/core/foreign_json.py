"""JSON that others have written, such as a model or a server: whatever it holds, it is read, or refused in one way."""

import json
from typing import Final, NoReturn, cast

from services.core.text import HALF

LONGEST_INTEGER: Final = 20
"""Digits; a longer one is read as a float, as JavaScript reads all numbers."""


class UnreadableJson(ValueError):
    """A text is not JSON, or not of a kind that can be read. Its message completes "it"."""


def read_json(text: str | bytes) -> object:
    """Read a text whose size is bounded. Raises UnreadableJson.

    An integer of any number of digits is read, and NaN and Infinity are refused, as in RFC 8259. Half a surrogate pair
    becomes U+FFFD, also in names: JSON.stringify writes one where a text was cut inside an emoji (ECMA-262, 25.5.2.3),
    and UTF-8 has none, so that it could be neither stored nor sent.
    """
    try:
        return whole(json.loads(text, parse_int=number, parse_constant=_refuse))
    except RecursionError:
        raise UnreadableJson("is nested too deeply") from None
    except ValueError:  # JSONDecodeError, UnicodeDecodeError
        raise UnreadableJson("is not valid JSON") from None


def whole(value: object) -> object:
    """Return what was read, with U+FFFD in place of each half of a surrogate pair. Raises RecursionError."""
    match value:
        case str():
            return value if value.isascii() else HALF.sub("\ufffd", value)
        case list():
            return [whole(each) for each in cast("list[object]", value)]
        case dict():
            return {whole(name): whole(each) for name, each in cast("dict[str, object]", value).items()}
        case _:
            return value


def number(digits: str) -> int | float:
    """Read an integer; Python refuses to read one of thousands of digits."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
