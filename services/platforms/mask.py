"""The mask over the values of environment variables in what a backend prints."""

import base64
import html
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import quote, quote_plus

from services.platforms.output import CUT, cleaned

MASKED: Final = "***"
SHORTEST: Final = 6
"""Characters; a shorter value could be part of any word or number, and is no secret worth the name."""


LONG: Final = 48
"""Bytes; Base64 of more comes in lines of 64 or 76 digits (RFC 7468, RFC 2045), each of which is printed alone."""

_WIDTHS: Final = (64, 76)
_PIECE: Final = 24
"""Digits of Base64 by which a piece of a long value is known."""
_DIGITS: Final = re.compile(rf"[A-Za-z0-9+/_-]{{{2 * _PIECE - 1},}}")
_WORD: Final = re.compile(r"[A-Za-z0-9+/_-]{4,128}", re.ASCII)
_LEAST_DIGITS: Final = 4
"""Of a value, at the edge of a line: fewer than that say nothing of it."""
_PERCENT: Final = re.compile("%[0-9A-F]{2}")


class Mask:
    """Replaces values by `***`, also as they stand in URLs, JSON, HTML, hexadecimal digits and Base64.

    A value of several lines is found line by line, for so it is printed, and one of more than LONG bytes also by
    pieces of its Base64. Where values overlap, all of them goes. Values are looked at once there is a text.

    Not masked are values of less than SHORTEST characters; those that were changed, such as into capitals; and what was
    encoded more than once, but for JSON in JSON.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(values)

    def __call__(self, text: str) -> str:
        """Return the text without the values."""
        masked, position = "", 0
        places = sorted([*self._places(text), *self._pieces(text), *self._broken(text)])
        for start, end in _united(places):
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

    def _pieces(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where pieces of long values stand in Base64, wherever they began in what was encoded."""
        for run in _DIGITS.finditer(text) if self._seeds else ():
            begin, end = run.span()
            for start in range(begin, end - _PIECE + 1):
                at = self._seeds.get(text[start : start + _PIECE])
                if at is not None:
                    led = self._encoded[max(0, at - (start - begin)) : at]
                    before = _alike(text[begin:start][::-1], led[::-1])
                    after = _alike(text[start:end], self._encoded[at : at + end - start])
                    yield start - before, start + after

    def _broken(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where what may be a line of Base64 breaks off within a value, and where it goes on with the rest."""
        begin, end = max(
            (run.span() for run in _WORD.finditer(text)), key=lambda span: span[1] - span[0], default=(0, 0)
        )
        line = text[begin:end]
        if begun := _overlap(line, self._digits):
            yield end - begun, end
        if rest := _overlap(line[::-1], self._turned):
            yield begin, begin + rest

    @cached_property
    def _digits(self) -> list[str]:
        """All values in Base64, in the order of texts."""
        return sorted({form for value in self._values for form in _in_base64(value.encode())})

    @cached_property
    def _turned(self) -> list[str]:
        """The same from their ends on."""
        return sorted(form[::-1] for form in self._digits)

    @cached_property
    def _encoded(self) -> str:
        """All long values in Base64."""
        long = [value.encode() for value in self._values if len(value.encode()) > LONG]
        return "\n".join(form for secret in long for form in _in_base64(secret))

    @cached_property
    def _seeds(self) -> dict[str, int]:
        """Where the pieces are that the encoded values are cut into: in anything twice as long there is a whole one."""
        encoded = self._encoded
        return {encoded[at : at + _PIECE]: at for at in range(0, len(encoded) - _PIECE + 1, _PIECE)}

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


def _overlap(line: str, forms: Sequence[str]) -> int:
    """Return with how many of its last digits a line begins one of sorted texts; 0 for too few to say anything."""
    for start in range(len(line) - _LEAST_DIGITS + 1):
        at = bisect_left(forms, line[start:])
        if at < len(forms) and forms[at].startswith(line[start:]):
            return len(line) - start
    return 0


def _alike(text: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    most = min(len(text), len(other))
    return next((at for at in range(most) if text[at] != other[at]), most)


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
        yield from (text, text.encode().hex(), text.encode().hex().upper())
        if not (text.isascii() and text.isalnum()):  # which stands as it is, whatever it stands in
            yield cleaned(text)
            yield from _in_urls(text)
            yield from _in_json(text)
            yield from _in_html(text)
            yield from _in_shells(text)
        yield from _in_base64(text.encode())
        yield from _in_lines_of_base64(text.encode())


def _in_urls(text: str) -> Iterator[str]:
    encoded = (quote(text), quote(text, safe=""), quote_plus(text))
    for form in (*encoded, quote(text, safe="!'()*~")):  # encodeURIComponent: ECMA-262, 19.2.6.4
        yield form
        yield _PERCENT.sub(lambda digits: digits[0].lower(), form)


def _in_json(text: str) -> Iterator[str]:
    """Yield what stands for a text between quotation marks: in JSON, in JSON that is a text in JSON, in JavaScript."""
    for form in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield form
        yield from (json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1])
        yield form.replace("/", "\\/")  # PHP
        yield form.translate(_AS_IN_GO)
    yield text.replace("\\", "\\\\")  # util.inspect of Node, which chooses other marks around a text that has some
    yield text.replace("\\", "\\\\").replace("'", "\\'")


_AS_IN_GO: Final = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}
"""As encoding/json escapes, and whoever writes JSON into HTML."""


def _in_shells(text: str) -> Iterator[str]:
    """Yield what stands for a text between the marks of a shell, as `set -x` and `declare -x` write, and of YAML."""
    yield text.replace("'", "'\\''")
    yield text.replace("'", "'\"'\"'")
    yield text.translate({ord(each): f"\\{each}" for each in '\\"$`'})
    yield text.replace("'", "''")


def _in_html(text: str) -> Iterator[str]:
    basic = html.escape(text, quote=False)
    for double in ('"', "&quot;", "&#34;", "&#x22;"):
        for single in ("'", "&#39;", "&#039;", "&#x27;", "&apos;"):
            yield basic.replace('"', double).replace("'", single)


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


def _in_lines_of_base64(secret: bytes) -> Iterator[str]:
    for encode in (base64.b64encode, base64.urlsafe_b64encode) if len(secret) > LONG else ():
        digits = encode(secret).decode().rstrip("=")
        for width in _WIDTHS:
            for start in range(0, len(digits), width):
                yield digits[start : start + width]
