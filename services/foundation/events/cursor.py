"""The cursor: a position in a stream, handed to clients as one opaque word."""

import base64
import binascii
import re
import secrets
from typing import Final

from services.core.errors import Invalid
from services.core.frozen import frozen

STORED: Final = "stored"
"""The epoch of positions in what storage has, where the log does not know the stream (any more)."""

_LONGEST: Final = 80
_PLAIN: Final = re.compile(r"(0|[1-9][0-9]{0,15})\.([A-Za-z0-9_-]{1,32})", re.ASCII)


@frozen
class Cursor:
    """A reader has had everything up to and including `seq` of the stream's life named `epoch`."""

    epoch: str
    seq: int


def new_epoch() -> str:
    """Name a new life of a stream; never STORED, and never the same name twice."""
    return secrets.token_hex(6)


def encode(cursor: Cursor) -> str:
    """Write a cursor as a short word that fits into a URL as it is."""
    return base64.urlsafe_b64encode(f"{cursor.seq}.{cursor.epoch}".encode()).decode().rstrip("=")


def decode(text: str) -> Cursor:
    """Read what `encode` wrote. Raises Invalid for anything else."""
    cursor = _read(text) if len(text) <= _LONGEST else None
    if cursor is None or encode(cursor) != text:
        raise Invalid.one("This is not a cursor: pass one exactly as an event carried it, or none.", "after")
    return cursor


def _read(text: str) -> Cursor | None:
    try:
        plain = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        return None
    match = _PLAIN.fullmatch(plain)
    return Cursor(epoch=match[2], seq=int(match[1])) if match else None
