"""What share of what people say in sentences comes out in schemas: entities, attributes, relations."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass
class Found:
    """What was made of a sentence: tables with their fields and types, and who refers to whom."""

    tables: dict[str, dict[str, str]]
    many: set[tuple[str, str]]
    """Pairs of a table and one that refers to it."""
    mutual: set[frozenset[str]]
    values: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def load(name: str) -> list[dict[str, Any]]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Score:
    expected: dict[str, int] = field(default_factory=lambda: {"entities": 0, "attributes": 0, "relations": 0})
    right: dict[str, int] = field(default_factory=lambda: {"entities": 0, "attributes": 0, "relations": 0})
    tables: int = 0
    invented: int = 0
    failures: list[str] = field(default_factory=list)


def score(entry: Mapping[str, Any], found: Found, total: Score) -> None:
    lines: list[str] = []
    for name in entry["entities"]:
        total.expected["entities"] += 1
        if name in found.tables:
            total.right["entities"] += 1
        else:
            lines.append(f"missing entity {name}")
    for text in entry["attributes"]:
        total.expected["attributes"] += 1
        if is_attribute(text, found):
            total.right["attributes"] += 1
        else:
            lines.append(f"missing attribute {text}")
    for text in entry["relations"]:
        total.expected["relations"] += 1
        if is_relation(text, found):
            total.right["relations"] += 1
        else:
            lines.append(f"missing relation {text}")
    for name in found.tables:
        total.tables += 1
        if not is_allowed(name, entry, found):
            total.invented += 1
            lines.append(f"invented {name}")
    if lines:
        total.failures.append(f"{entry['text']}\n    -> {sorted(found.tables)}\n    " + "\n    ".join(lines))


def is_allowed(name: str, entry: Mapping[str, Any], found: Found) -> bool:
    if name in {*entry["entities"], *entry["optional"], "users"}:
        return True
    ends = {one for one, many in found.many if many == name}
    return len(ends & set(entry["entities"])) > 1 and any(pair <= ends for pair in found.mutual)


def is_attribute(text: str, found: Found) -> bool:
    path, _, kinds = text.partition(":")
    table, _, names = path.partition(".")
    fields = {squeezed(name): (name, kind) for name, kind in found.tables.get(table, {}).items()}
    for name in names.split("/"):
        if squeezed(name) in fields:
            own, kind = fields[squeezed(name)]
            return any(
                _fits(kind, wanted, found.values.get((table, own), ())) for wanted in kinds.rstrip("!?").split("|")
            )
    return False


def _fits(kind: str, wanted: str, values: tuple[str, ...]) -> bool:
    if wanted.startswith("enum"):
        return {squeezed(value) for value in wanted[5:-1].split(",")} == {squeezed(value) for value in values}
    return kind in {
        "text": {"STRING", "TEXT"},
        "integer": {"INTEGER"},
        "number": {"INTEGER", "FLOAT", "DECIMAL"},
        "money": {"DECIMAL"},
        "boolean": {"BOOLEAN"},
        "date": {"DATE"},
        "datetime": {"DATETIME"},
    }.get(wanted, {"?"})


def squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_relation(text: str, found: Found) -> bool:
    one, kind, other = text.split(" ")
    if kind == ">":
        return (one, other) in found.many
    if kind == "-":
        return (one, other) in found.many or (other, one) in found.many
    if frozenset({one, other}) in found.mutual:
        return True
    joins = {many for first, many in found.many if first == one} & {
        many for first, many in found.many if first == other
    }
    return bool(joins)


def lines(total: Score) -> Iterator[str]:
    for name in total.expected:
        yield f"{name}: {total.right[name]} of {total.expected[name]} ({100 * total.right[name] / total.expected[name]:.1f} %)"
    yield f"invented: {total.invented} of {total.tables} ({100 * total.invented / max(total.tables, 1):.1f} %)"
