"""The text of an API key: `snapinfra_<id>_<secret><checksum>`.

The brand lets secret scanners find leaked keys, the id finds the record, and the checksum (CRC-32 in base 62, as
GitHub's tokens have it) tells a mistyped key from an unknown one without a read.
"""

import re
import string
import zlib
from typing import Final

from services.core.ids import ApiKeyId

BRAND: Final = "snapinfra_"
SECRET_BYTES: Final = 24

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET: Final = 33
"""Digits in base 62 of 24 bytes."""

_CHECKSUM: Final = 6
"""Digits in base 62 of 32 bits."""

_SHAPE: Final = re.compile(rf"({BRAND}([0-9a-z]{{26}})_[0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_CHECKSUM}}})", re.ASCII)


def key_text(key_id: ApiKeyId, secret: bytes) -> str:
    """Write a key with a secret of 24 random bytes."""
    body = f"{key_prefix(key_id)}_{_base62(int.from_bytes(secret), _SECRET)}"
    return body + _checksum(body)


def key_prefix(key_id: ApiKeyId) -> str:
    """Return the part of a key that is no secret, by which people tell keys apart."""
    return BRAND + key_id.partition("_")[2]


def id_in(text: str) -> ApiKeyId | None:
    """Return the id in the text of a key; None where its shape or checksum is wrong."""
    match = _SHAPE.fullmatch(text)
    return ApiKeyId(f"key_{match[2]}") if match and _checksum(match[1]) == match[3] else None


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM)


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text
