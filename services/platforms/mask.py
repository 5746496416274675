"""The mask over the values of environment variables in what a backend prints."""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from services.platforms.output import cleaned

MASKED: Final = "***"
SHORTEST: Final = 6
"""Characters; a shorter value could be part of any word or number, and is no secret worth the name."""


class Mask:
    """Replaces values by `***`, also as they stand in URLs, JSON and Base64.

    A value of several lines is found line by line, for so it is printed. Where values overlap, all of them goes.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        self._forms = sorted(forms, key=len)

    def __call__(self, text: str) -> str:
        """Return the text without the values."""
        masked, position = "", 0
        for start, end in _united(sorted(self._places(text))):
            masked += text[position:start] + MASKED
            position = end
        return masked + text[position:]

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        for form in self._forms:
            if len(form) > len(text):
                return
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = text.find(form, start + 1)


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
