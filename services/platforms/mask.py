"""The mask over the values of environment variables in what a backend prints."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final
from urllib.parse import quote, quote_plus

from services.platforms.output import CUT, cleaned

MASKED: Final = "***"
SHORTEST: Final = 6
"""Characters; a shorter value could be part of any word or number, and is no secret worth the name."""


class Mask:
    """Replaces values by `***`, also as they stand in URLs, JSON and Base64.

    A value of several lines is found line by line, for so it is printed. Where values overlap, all of them goes. Values
    are looked at once there is a text, and a text takes as long however many values there are.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(values)

    def __call__(self, text: str) -> str:
        """Return the text without the values."""
        masked, position = "", 0
        for start, end in _united(self._places(text)):
            masked += text[position:start] + MASKED
            position = end
        return masked + text[position:]

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where a value stands, by the starts: of several that begin at one place, the longest; or as much of one
        as was left where the text was cut.
        """
        begins = self._beginnings
        for start in range(len(text) - SHORTEST + 1):
            if text[start : start + SHORTEST] not in begins:
                continue
            if (form := self._longest_at(text, start)) is not None:
                yield start, start + len(form)
            if (end := self._cut_at(text, start)) is not None:
                yield start, end

    def _longest_at(self, text: str, start: int) -> str | None:
        """Return the longest form that begins at a place: it is the last one there in the order of texts, or begins
        that one.
        """
        at = bisect_right(self._forms, text[start : start + self._longest]) - 1
        while at >= 0 and not text.startswith(self._forms[at], start):
            at = self._beginning_of[at]
        return self._forms[at] if at >= 0 else None

    def _cut_at(self, text: str, start: int) -> int | None:
        """Return where a text was cut within a form that begins at a place."""
        cut = text.find(CUT, start + SHORTEST)
        if cut < 0:
            return None
        left = text[start:cut].removesuffix(" ")
        at = bisect_left(self._forms, left)
        return start + len(left) if at < len(self._forms) and self._forms[at].startswith(left) else None

    @cached_property
    def _forms(self) -> list[str]:
        return sorted({form for value in self._values for form in _forms(value) if len(form) >= SHORTEST})

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(form[:SHORTEST] for form in self._forms)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._forms), default=0)

    @cached_property
    def _beginning_of(self) -> list[int]:
        """For each form, which other one it begins with: the longest of them; -1 for none."""
        found: list[int] = []
        for number, form in enumerate(self._forms):
            at = number - 1
            while at >= 0 and not form.startswith(self._forms[at]):
                at = found[at]
            found.append(at)
        return found


def _united(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join places that overlap; they come by their starts."""
    begun: tuple[int, int] | None = None
    for start, end in places:
        if begun is not None and start < begun[1]:
            begun = (begun[0], max(begun[1], end))
            continue
        if begun is not None:
            yield begun
        begun = (start, end)
    if begun is not None:
        yield begun


def _forms(value: str) -> Iterator[str]:
    """Yield the texts by which a value is known, none shorter than SHORTEST."""
    whole = [value, value.strip(), *value.splitlines()]
    for text in [part for part in dict.fromkeys(whole) if len(part.strip()) >= SHORTEST]:
        yield from (text, cleaned(text), quote(text), quote(text, safe=""), quote_plus(text))
        yield quote(text, safe="!'()*~")  # encodeURIComponent: ECMA-262, 19.2.6.4
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        yield from _in_base64(text.encode())


def _in_base64(secret: bytes) -> Iterator[str]:
    """Yield the digits that stand for a secret wherever it begins in what was encoded (`user:secret`, for one).

    Three bytes are four digits, so there are three ways; digits that neighbours have a part in are left out.
    """
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            digits = encode(bytes(before) + secret).decode()
            start, end = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
            for form in (digits[start:].rstrip("="), digits[start:end]):  # at its end; with more behind it
                if len(form) >= SHORTEST:
                    yield form
