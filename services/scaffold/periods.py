"""Pairs of fields that say by their names from when until when something is: `startsAt` and `endsAt`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import Field, FieldType
from services.scaffold.names import words_of

_ENDS: Final[Mapping[str, frozenset[str]]] = {
    "begin": frozenset({"end"}),
    "begins": frozenset({"ends"}),
    "from": frozenset({"to", "until"}),
    "in": frozenset({"out"}),
    "open": frozenset({"close"}),
    "opens": frozenset({"closes"}),
    "start": frozenset({"end"}),
    "started": frozenset({"ended"}),
    "starts": frozenset({"ends"}),
}
"""The word that a start's name has, and those that an end's has in its place."""


@frozen
class Period:
    """No record has a value of `end` before that of `start`; either may be missing."""

    start: str
    end: str


def periods(fields: Sequence[Field]) -> tuple[Period, ...]:
    """Return the pairs among a table's fields: both days, or both moments, whose names differ in that one word."""
    return tuple(_periods([field for field in fields if field.type in {FieldType.DATE, FieldType.DATETIME}]))


def _periods(fields: Sequence[Field]) -> Iterator[Period]:
    for start, end in permutations(fields, 2):
        words = zip(_words(start), _words(end), strict=False)
        different = [pair for pair in words if pair[0] != pair[1]]
        is_alike = start.type is end.type and len(_words(start)) == len(_words(end))
        if is_alike and len(different) == 1 and different[0][1] in _ENDS.get(different[0][0], frozenset()):
            yield Period(start.name, end.name)


def _words(field: Field) -> list[str]:
    return [word.lower() for word in words_of(field.name)]
