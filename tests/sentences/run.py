"""The run of the scaffold over sentences that it was made with and over such that it was not.

`make sentences` writes docs/sentences.md.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Final

from services.designs.schema import RelationshipType
from services.scaffold.schema import derive_schema
from tests.sentences.score import Found, Score, load, score

REPORT: Final = Path(__file__).parents[2] / "docs" / "sentences.md"
_GOALS: Final = {"entities": "95 %", "attributes": "none", "relations": "85 %", "invented": "under 5 %"}
_TITLES: Final = {
    "entities": "tables for what is named, under its own name",
    "attributes": "fields for what is said of rows, with their types",
    "relations": "references for what is said of how they belong together",
    "invented": "tables that are neither said nor needed",
}


def found(description: str) -> Found:
    """Return what the scaffold makes of a description."""
    schema = derive_schema(description)
    made = Found({table.name: {field.name: field.type.value for field in table.fields} for table in schema.tables})
    for table in schema.tables:
        for field in table.fields:
            if field.rules is not None and field.rules.values:
                made.values[table.name, field.name] = field.rules.values
    for link in schema.relationships:
        if link.type is RelationshipType.MANY_TO_MANY:
            made.mutual.add(frozenset({link.from_table, link.to_table}))
        else:
            made.many.add((link.from_table, link.to_table))
    return made


@cache
def scored(name: str) -> Score:
    """Return how well the sentences of a file are heard; looked at once, for it takes half a minute."""
    total = Score()
    for entry in load(name):
        score(entry, found(entry["text"]), total)
    return total


def page() -> str:
    """Write the report."""
    built, measured, others = scored("building"), scored("measuring"), scored("others")
    rows = "".join(
        f"| {title} | {built.share(name)} | {measured.share(name)} | {others.share(name)} | {_GOALS[name]} |\n"
        for name, title in _TITLES.items()
    )
    return (
        "# How well the scaffold hears sentences\n\n"
        "Written by `make sentences`; a test holds it to the code.\n\n"
        f"`tests/sentences/building.json` has {len(load('building'))} descriptions of apps with answers made by hand,"
        " in the light of which the reading was written. `measuring.json` has 100 of the same kind, which nobody read"
        " meanwhile: only their figures were looked at, a dozen times. `others.json` has 100 by somebody who knew"
        " neither, and hardly anything was changed for it yet: so much"
        " may a newcomer expect. What the answers ask for, and how they are"
        " compared, is in [tests/sentences/README.md](../tests/sentences/README.md).\n\n"
        "| | built with | measured with | by others | goal |\n|---|--:|--:|--:|--:|\n"
        f"{rows}"
    )


if __name__ == "__main__":
    REPORT.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"written to {REPORT.relative_to(Path.cwd())}\n")
