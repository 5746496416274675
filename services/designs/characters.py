"""Sets of characters of a regular expression, as ranges of code points."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from typing import Final

LAST: Final = 0x10FFFF
Characters = tuple[tuple[int, int], ...]
"""First and last code points of ranges, in order, none touching another."""


def of(*ranges: tuple[int, int]) -> Characters:
    """Return the set of these ranges, in whatever order they are and however they overlap."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def all_but(characters: Characters) -> Characters:
    """Return the set of all others."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for first, last in characters:
        if first > start:
            gaps.append((start, first - 1))
        start = last + 1
    return tuple([*gaps, (start, LAST)] if start <= LAST else gaps)


def has(characters: Characters, point: int) -> bool:
    at = bisect_right(characters, (point, LAST)) - 1
    return at >= 0 and point <= characters[at][1]


def category(name: str) -> Characters:
    """Return the characters of a general category of Unicode, `Lu` or `L`; of what is none, or of `C`, none."""
    return of(*(range_ for kind, ranges in _categories().items() if kind.startswith(name) for range_ in ranges))


@cache
def _categories() -> Mapping[str, Characters]:
    """Return the ranges of each category but control, format, private and unassigned characters; takes 0.1 s."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for kind, points in groupby(_ASSIGNED, lambda point: unicodedata.category(chr(point))):
        run = list(points)
        ranges.setdefault(kind, []).append((run[0], run[-1]))
    return {kind: tuple(each) for kind, each in ranges.items() if not kind.startswith("C")}


_ASSIGNED: Final = [*range(0x40000), *range(0xE0000, 0xE1000)]
"""Beyond these there are private characters only (Unicode, Roadmaps)."""
DIGITS: Final = of((0x30, 0x39))
WORD: Final = of((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
BREAKS: Final = of((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
# ECMA-262, WhiteSpace and LineTerminator
SPACE: Final = of(
    *((point, point) for point in (0x09, 0x0B, 0x0C, 0x20, 0xA0, 0x1680, 0x202F, 0x205F, 0x3000, 0xFEFF)),
    (0x2000, 0x200A),
    *BREAKS,
)


def samples(sets: Iterable[Characters]) -> list[int]:
    """Return code points such that whatever some character is in of the sets, one of these is in the same."""
    edges = {0} | {edge for each in sets for first, last in each for edge in (first, last + 1) if edge <= LAST}
    by_membership = {tuple(has(each, point) for each in sets): point for point in sorted(edges)}
    return list(by_membership.values())
