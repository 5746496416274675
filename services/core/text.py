"""This file is the bounds of text that people enter."""

import re
from collections.abc import Sequence
from typing import Final

from services.core.errors import Fault

_EMAIL: Final = re.compile(r"[^@\s<>,;]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z0-9-]{2,63}", re.ASCII)
"""One address and nothing more; whether it exists, only its mail server knows."""


def is_email(text: str) -> bool:
    """Say whether a text looks like one e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def bounded(text: str, *, field: Sequence[str], most: int, least: int = 1) -> list[Fault]:
    """Return the faults of a text that must have `least` to `most` characters without surrounding space."""
    length = len(text.strip())
    name = field[-1]
    if length < least:
        return [Fault(f"{name} must not be empty." if least == 1 else f"{name} is too short.", tuple(field))]
    if length > most:
        return [Fault(f"{name} must have at most {most:,} characters; this has {length:,}.", tuple(field))]
    if "\x00" in text:
        return [Fault(f"{name} must not contain NUL.", tuple(field))]
    if any("\ud800" <= character <= "\udfff" for character in text):
        return [Fault(f"{name} must not contain half of a surrogate pair.", tuple(field))]
    return []
