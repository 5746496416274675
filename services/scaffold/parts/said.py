"""What a description says that a backend has beside tables: what is kept in a bucket, waits in a queue, is cached."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec import structs

from services.core.frozen import frozen
from services.designs.architecture import NodeKind
from services.designs.schema import SchemaModel
from services.scaffold.parts.clock import schedule_of
from services.scaffold.parts.cues import ACT, CUES, FILE, FUNCTION, LONGEST_READ, SENTENCE, WHEN, services_in
from services.scaffold.parts.tellings import Change, Telling, tellings
from services.scaffold.plan import TablePlan, plan_tables
from services.scaffold.plurals import plural, singular

MOST: Final = 10
_LONGEST_NAME: Final = 60
_CLAUSE: Final = re.compile(r",\s*(?:and\s+)?|\s+and\s+(?=(?:an?|the|every|each|all|it|they)\b)", re.IGNORECASE)
_ARTICLE: Final = re.compile(r"^(?:the|an?|their|his|her|its|our|all|every|each|some)\s+", re.IGNORECASE)
_CAUSES: Final = frozenset({NodeKind.QUEUE, NodeKind.TOPIC})


@frozen
class SaidPart:
    kind: NodeKind
    name: str
    clause: str
    """In which it is said."""
    label: str = ""
    """What the API tells it of rows, as tellings.py reads it."""
    after: str | None = None
    """The name of the queue or topic of the same sentence that leads to it; None where the API does."""


def said_parts(description: str, schema: SchemaModel | None) -> list[SaidPart]:
    """Return the parts in the order in which they are said, each once, at most `MOST`."""
    tables = plan_tables(structs.replace(schema, relationships=())) if schema is not None else ()  # for their names
    found: dict[tuple[NodeKind, str], SaidPart] = {}
    for sentence in SENTENCE.finditer(description[:LONGEST_READ]):
        before, cause = "", None
        for clause in _clauses(sentence[0]):
            for part in _parts(_Clause(clause, before, tables), cause):
                found.setdefault((part.kind, part.name), part)
                cause = part.name if part.kind in _CAUSES else cause
            before = clause
    return list(found.values())[:MOST]


def _clauses(sentence: str) -> Iterator[str]:
    line = "".join(letter if letter.isprintable() else " " for letter in sentence)
    places = [0, *(place for match in _CLAUSE.finditer(line) for place in match.span()), len(line)]
    yield from (text for start, end in list(pairwise(places))[::2] if (text := " ".join(line[start:end].split())))


@frozen
class _Clause:
    text: str
    before: str
    """The one before it in its sentence."""
    tables: Sequence[TablePlan]

    @property
    def told(self) -> str:
        """What is told of rows: the changes of a table that are said, here or just before; else its new rows."""
        texts = (self.text, self.before, f"{self.text} created")
        said = next((said for text in texts if (said := tellings([text], self.tables))), ())
        return ", ".join(f"{each.table.name} {_changes(each)}" for each in said)

    @property
    def table(self) -> str | None:
        """The table that it names."""
        return next((each.table.name for each in tellings([f"{self.text} created"], self.tables)), None)

    def has(self, kind: NodeKind) -> bool:
        """Whether the schema has a table that is called like a kind of part: then it is that which is meant."""
        return any(singular(table.name) == kind.value.lower() for table in self.tables)


def _changes(telling: Telling) -> str:
    is_every = len(telling.changes) == len(Change)
    return "events" if is_every else " ".join(change.value for change in telling.changes)


def _parts(clause: _Clause, cause: str | None) -> Iterator[SaidPart]:
    for kind, cue in CUES.items():
        if cue.search(clause.text) and not clause.has(kind):
            label = clause.told if kind in _CAUSES else ""
            name = _name(kind, clause, label)
            yield SaidPart(kind, name, clause.text, label)
            cause = name if kind in _CAUSES else cause
    function = FUNCTION.search(clause.text)
    if function is not None and not clause.has(NodeKind.FUNCTION):
        label = "" if cause is not None else clause.told
        yield SaidPart(NodeKind.FUNCTION, _shown(function[1]) or "Function", clause.text, label, cause)
    elif ACT.search(clause.text) and schedule_of([clause.text]) is not None:
        yield SaidPart(NodeKind.FUNCTION, _shown(clause.text), clause.text)
    yield from (SaidPart(NodeKind.EXTERNAL, _shown(name), clause.text) for name in services_in(clause.text))


def _name(kind: NodeKind, clause: _Clause, label: str) -> str:
    if label:
        return _shown(label.partition(",")[0].replace("_", " "))
    if kind is NodeKind.BUCKET:
        file = FILE.search(clause.text)
        return _shown(plural(file[1].lower())) if file is not None else "Files"
    if kind is NodeKind.CACHE and clause.table is not None:
        return _shown(clause.table.replace("_", " "))
    return {NodeKind.QUEUE: "Work", NodeKind.TOPIC: "Events", NodeKind.CACHE: "Copies"}[kind]


def _shown(text: str) -> str:
    """Return a name: a text without when it is and the article before it."""
    name = _ARTICLE.sub("", WHEN.sub("", text).strip() or text)[:_LONGEST_NAME].strip(" :-")
    return name[:1].upper() + name[1:]
