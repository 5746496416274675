"""The tables of tests, gathered from the files of tests/slices: every root field, mutation and input of the SDL."""

import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, TypeVar

from tests.slice import Create, Entry, Slice, Values

V = TypeVar("V")

SLICES: Final[Sequence[Slice]] = [
    import_module(f"tests.slices.{file.stem}").SLICE for file in sorted((Path(__file__).parent / "slices").glob("*.py"))
]


def _joined(tables: Sequence[Mapping[str, V]]) -> Mapping[str, V]:
    """Return one table of several. Raises ValueError where two have the same key."""
    joined = dict(ChainMap(*map(dict, tables)))
    if len(joined) != sum(map(len, tables)):
        raise ValueError("Two slices have the same key.")
    return joined


ENTRIES: Final[Mapping[str, Entry]] = _joined([one.entries for one in SLICES])
MADE: Final[Mapping[str, tuple[str, str]]] = _joined([one.made for one in SLICES])
CREATES: Final[Mapping[str, Create]] = _joined([one.creates for one in SLICES])
MAKE_NOTHING: Final = frozenset(name for one in SLICES for name in one.makes_nothing)
VALUES: Final[Mapping[str, Values]] = _joined([one.values for one in SLICES])
SHOWN: Final[Mapping[str, str]] = {
    field: test for one in SLICES for test, fields in one.shown.items() for field in fields
}
"""By the field of an input, the test or the file that shows what it does."""

PATHS: Final[Mapping[str, Sequence[str]]] = {
    kind: [operation for one in SLICES for operation in one.paths.get(kind, ())]
    for kind in sorted({kind for one in SLICES for kind in one.paths})
}


def kind_named(field: str) -> str:
    """Return of what kind is the thing that a field names by its id: `key` for `apiKeyId`, `page` for `pageIds`."""
    return re.findall(r"[a-z]+", re.sub(r"([A-Z])", lambda big: f" {big[0].lower()}", re.sub("Ids?$", "", field)))[-1]
