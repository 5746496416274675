"""What share of what people say in sentences comes out in schemas: entities, attributes, relations."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent
_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"STRING", "TEXT"}),
    "integer": frozenset({"INTEGER"}),
    "number": frozenset({"INTEGER", "FLOAT", "DECIMAL"}),
    "money": frozenset({"DECIMAL"}),
    "boolean": frozenset({"BOOLEAN"}),
    "date": frozenset({"DATE"}),
    "datetime": frozenset({"DATETIME"}),
}


@dataclass
class Found:
    """What was made of a sentence."""

    tables: dict[str, dict[str, str]]
    """The types of fields, by the names of tables and fields."""
    many: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Pairs of a table and one that refers to it."""
    mutual: set[frozenset[str]] = field(default_factory=set[frozenset[str]])
    values: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict[tuple[str, str], Sequence[str]])
    """All that a field may be, by the names of its table and of itself."""


@dataclass
class Score:
    """How much was asked for, and how much of it is there; of `invented`, how many tables there are, and are so."""

    asked: dict[str, int] = field(default_factory=dict[str, int])
    right: dict[str, int] = field(default_factory=dict[str, int])
    faults: list[str] = field(default_factory=list[str], repr=False)
    """No test that fails shows them: nobody reads what is measured with."""

    def add(self, kind: str, text: str, *, is_right: bool) -> None:
        self.asked[kind] = self.asked.get(kind, 0) + 1
        self.right[kind] = self.right.get(kind, 0) + is_right
        if is_right == (kind == "invented"):
            self.faults.append(f"{kind}: {text}")

    def percent(self, kind: str) -> float:
        return 100 * self.right[kind] / self.asked[kind]

    def share(self, kind: str) -> str:
        return f"{self.percent(kind):.1f} % ({self.right[kind]} of {self.asked[kind]})"


def load(name: str) -> list[dict[str, Any]]:
    """Read the sentences of a file, with their answers."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def score(entry: Mapping[str, Any], found: Found, total: Score) -> None:
    """Add what came of a sentence."""
    for name in entry["entities"]:
        total.add("entities", name, is_right=name in found.tables)
    for text in entry["attributes"]:
        total.add("attributes", text, is_right=_has_attribute(text, found))
    for text in entry["relations"]:
        total.add("relations", text, is_right=_has_relation(text, found))
    for name in found.tables:
        total.add("invented", name, is_right=not _is_allowed(name, entry, found))


def _is_allowed(name: str, entry: Mapping[str, Any], found: Found) -> bool:
    """Whether a table is asked for, may be there, is for signing in, or joins two that are asked for."""
    if name in {*entry["entities"], *entry["optional"], "users"}:
        return True
    ends = {one for one, many in found.many if many == name}
    return len(ends & set(entry["entities"])) > 1 and any(pair <= ends for pair in found.mutual)


def _has_attribute(text: str, found: Found) -> bool:
    """Whether `table.field/other name:type|other type` is there; `!` and `?` at its end are not looked at."""
    path, _, kinds = text.partition(":")
    table, _, names = path.partition(".")
    fields = {_squeezed(name): (name, kind) for name, kind in found.tables.get(table, {}).items()}
    name = next((one for one in names.split("/") if _squeezed(one) in fields), None)
    if name is None:
        return False
    own, kind = fields[_squeezed(name)]
    values = found.values.get((table, own), ())
    return any(_fits(kind, wanted, values) for wanted in kinds.rstrip("!?").split("|"))


def _fits(kind: str, wanted: str, values: Sequence[str]) -> bool:
    if wanted.startswith("enum"):
        return set(map(_squeezed, wanted[len("enum(") : -1].split(","))) == set(map(_squeezed, values))
    return kind in _TYPES[wanted]


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _has_relation(text: str, found: Found) -> bool:
    """Whether `one > many`, `one - one` or `many <> many` is there."""
    one, kind, other = text.split(" ")
    if kind == ">":
        return (one, other) in found.many
    if kind == "-":
        return (one, other) in found.many or (other, one) in found.many
    children = [{many for first, many in found.many if first == end} for end in (one, other)]
    return frozenset({one, other}) in found.mutual or not children[0].isdisjoint(children[1])
