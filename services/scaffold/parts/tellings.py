"""Which changes of which rows a part is told of, by its name and by the labels of what leads to it."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final

from services.core.frozen import frozen
from services.scaffold.names import words_of
from services.scaffold.plan import TablePlan
from services.scaffold.plurals import singular


class Change(Enum):
    """What becomes of a row; the values are those of `src/parts/tellings.ts`."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


_WORDS: Final = {
    Change.CREATED: "add|added|booked|create|created|creates|made|new|placed|received|registered|submitted",
    Change.UPDATED: "change|changed|changes|edited|modified|update|updated|updates",
    Change.DELETED: "delete|deleted|deletes|removed",
}
_EVERY: Final = re.compile("event|events")


@frozen
class Telling:
    table: TablePlan
    changes: tuple[Change, ...]


def tellings(texts: Sequence[str], tables: Sequence[TablePlan]) -> tuple[Telling, ...]:
    """Return what texts name a table and a change of, in the order of the tables."""
    said: dict[str, set[Change]] = {}
    for text in texts:
        words = [word.lower() for word in words_of(text)]
        for table, places in _named(words, tables):
            others = [word for at, word in enumerate(words) if at not in places]
            said.setdefault(table.name, set()).update(set(_changes(others)) or _changes(words))
    return tuple(
        Telling(table, tuple(change for change in Change if change in said[table.name]))
        for table in tables
        if said.get(table.name)
    )


def _changes(words: Sequence[str]) -> Iterator[Change]:
    is_every = any(_EVERY.fullmatch(word) for word in words)
    for change, forms in _WORDS.items():
        if is_every or any(re.fullmatch(forms, word) for word in words):
            yield change


def _named(words: Sequence[str], tables: Sequence[TablePlan]) -> Iterator[tuple[TablePlan, frozenset[int]]]:
    """Yield the tables whose names are among words, in either number, and not only as a part of a longer name.

    With each goes where its name is: a table may be called `events`, too.
    """
    said = [singular(word) for word in words]
    places = {table.name: set(_places(said, table)) for table in tables if not table.is_made}
    every = {place for each in places.values() for place in each}
    whole = {place for place in every if not any(place < other for other in every)}
    for table in tables:
        own = whole.intersection(places.get(table.name, ()))
        if own:
            yield table, frozenset().union(*own)


def _places(said: Sequence[str], table: TablePlan) -> Iterator[frozenset[int]]:
    """Yield where among words those of a table's name are, one after the other."""
    name = [singular(word.lower()) for word in words_of(table.name)]
    for at in range(len(said)):
        if said[at : at + len(name)] == name:
            yield frozenset(range(at, at + len(name)))
