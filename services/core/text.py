"""The rules of text that people enter, in whatever script they write.

Refused everywhere is what is no text: NUL, other control characters, and halves of surrogate pairs, which no UTF-8 can
hold. Nothing is normalised: what is sent is what is kept, without the space around it where a field says nothing else.
What joins letters (ZWJ, ZWNJ, combining marks, variation selectors), no-break spaces, marks of direction (U+200E,
U+200F, U+061C) and characters that are newer than our tables are text like any other.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from services.core.errors import Fault, Invalid

_EMAIL: Final = re.compile(r"[^@\s<>,;]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z0-9-]{2,63}", re.ASCII)
"""One address and nothing more; whether it exists, only its mail server knows."""

HALF: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""The control characters of Unicode (C0, DEL and C1) without tab and line breaks."""

_BREAK: Final = re.compile("[\t\n\r\u2028\u2029]")
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates of the bidirectional algorithm (UAX #9, 2.1 to 2.5): they reorder what follows, so
that a name can look like another, or change the text around it."""

_BLANK: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U00013441\U00013442\U0001d159")
"""What counts as a letter or a symbol and shows nothing."""
_TAGS: Final = range(0xE0000, 0xE1000)
"""Default_Ignorable_Code_Point, also where nothing is assigned."""


ADDRESS_LENGTH: Final = 254
"""Characters of an e-mail address (RFC 5321, 4.5.3.1.3, less the brackets around it)."""
SEARCH_LENGTH: Final = 500
"""Characters of what is searched for."""


class Kind(IntEnum):
    """What a text is for. Each refuses what those before it do."""

    LINES = 1
    """Text of any number of lines."""
    LINE = 2
    """One line: no tab and no line break."""
    NAME = 3
    """One line that says what something is called: it shows something, and reorders nothing."""


def is_email(text: str) -> bool:
    """Say whether a text looks like one e-mail address."""
    return _EMAIL.fullmatch(text) is not None and _CONTROL.search(text) is None and HALF.search(text) is None


def address_in(value: object) -> str | None:
    """Return what somebody else tells us as an e-mail address, if it can be one; any alphabet will do."""
    if not isinstance(value, str) or len(value) > ADDRESS_LENGTH or "@" not in value:
        return None
    return value if flaw(value, Kind.NAME) is None else None


def is_storable(text: str) -> bool:
    """Say whether UTF-8 can hold a text, and whatever reads it will take it for text."""
    return "\x00" not in text and (text.isascii() or HALF.search(text) is None)


def flaw(text: str, kind: Kind) -> str | None:
    """Return what a text must not do: the end of a sentence that begins with the field's name. None where all is well.

    The empty text has no flaw.
    """
    for refuses, pattern, sentence in _REFUSED:
        if refuses <= kind and pattern.search(text):
            return sentence
    if kind is Kind.NAME and text.strip() and not any(map(_is_shown, text)):
        return "must show something: it has only invisible characters."
    return None


_REFUSED: Final = (
    (Kind.LINES, re.compile("\x00"), "must not contain NUL."),
    (Kind.LINES, HALF, "must not contain half of a surrogate pair."),
    (Kind.LINES, _CONTROL, "must not contain control characters."),
    (Kind.LINE, _BREAK, "must be one line, without tabs."),
    (
        Kind.NAME,
        _TURNS,
        "must not contain characters that turn the direction of others (U+202A to U+202E, U+2066 to U+2069).",
    ),
)


def bounded(text: str, *, field: Sequence[str], most: int, least: int = 1, kind: Kind = Kind.NAME) -> list[Fault]:
    """Return the faults of a text that must have `least` to `most` characters without surrounding space."""
    length = len(text.strip())
    name = field[-1]
    if length > most:
        return [Fault(f"{name} must have at most {most:,} characters; this has {length:,}.", tuple(field))]
    if (wrong := flaw(text, kind)) is not None:
        return [Fault(f"{name} {wrong}", tuple(field))]
    if length < least:
        return [Fault(f"{name} must not be empty." if least == 1 else f"{name} is too short.", tuple(field))]
    return []


def check_search(**texts: str | None) -> None:
    """Raise Invalid where no text of ours can be like what is searched for; the texts are given by their fields."""
    given = {name: text for name, text in texts.items() if text is not None}
    faults = [
        fault
        for name, text in given.items()
        for fault in bounded(text, field=[name], most=SEARCH_LENGTH, least=0, kind=Kind.LINE)
    ]
    if faults:
        raise Invalid(faults)


def cleaned(text: str | None, *, most: int) -> str | None:
    """Return a name that somebody else tells us without what we refuse; None where nothing is left to be shown."""
    kept = "".join(
        character for character in text or "" if not any(no.match(character) for no in (HALF, _CONTROL, _BREAK, _TURNS))
    )
    kept = kept.strip()[:most].strip()
    return kept if any(map(_is_shown, kept)) else None


def _is_shown(character: str) -> bool:
    """Say whether a character shows by itself, as far as can be told: one that is not assigned yet does."""
    kind = unicodedata.category(character)
    if character in _BLANK:
        return False
    if kind == "Cn":
        return ord(character) not in _TAGS and (ord(character) & 0xFFFE) != 0xFFFE  # noqa: PLR2004 - noncharacters
    return kind[0] in "LNPS" or kind == "Co"
