"""JSON as it comes in and goes out, bounded before it is read."""

import json
import re
from typing import Final

import msgspec

MOST_CONTAINERS: Final = 100_000
"""Objects and arrays in a text: two bytes are enough for one, which then takes fifty, and time to make and to free.
Where only few are meant is counted later, and said better (graph.inputs)."""

MOST_DIGITS: Final = 300
"""Digits of a number, in a row: no type takes more, and Python writes at most 4,300 of them."""

MOST_WITH_HALVES: Final = 65_536
"""Bytes of a text that holds half of a surrogate pair: only a slower reader takes that, to say whose mistake it is."""

_ZEROS: Final = b"0" * (MOST_DIGITS + 1)
_AS_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')


def decoded(text: str | bytes) -> object:
    """Read JSON. Raises ValueError, whatever is wrong with it: also that it nests too deeply, has too many parts, or
    a number of too many digits.
    """
    try:
        data = text.encode() if isinstance(text, str) else text
        if _is_too_much(data) and _is_too_much(_STRING.sub(b"", data)):
            raise ValueError("It has too many parts, or a number of too many digits.")
        return _read(data)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise ValueError(str(wrong)) from None


def _read(data: bytes) -> object:
    """Read JSON, also with halves of surrogate pairs: the grammar has them, and whose field it is can say it better."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        if len(data) > MOST_WITH_HALVES or not _HALF.search(data):
            raise
        return json.loads(data.decode(), parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON.")


def _is_too_much(data: bytes) -> bool:
    return data.count(b"{") + data.count(b"[") > MOST_CONTAINERS or _ZEROS in data.translate(_AS_ZEROS)


def encoded(value: object) -> bytes:
    """Write JSON."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair, which no UTF-8 can hold: JSON can, escaped
        return json.dumps(value, separators=(",", ":")).encode()
