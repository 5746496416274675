"""The report of a run of mutations, in Markdown."""

from collections.abc import Iterator

from tests.campaign import circumstances, table
from tests.mutations.bases import KINDS
from tests.mutations.changes import CHANGES
from tests.mutations.load import Load


def lines(load: Load, seconds: float) -> Iterator[str]:
    yield "# Mutated streams of models"
    yield ""
    yield (
        "How generations ended whose provider sent a stream that had been changed at random. Written by "
        f"`make fuzz-models MUTATIONS={load.cases} SEED={load.seed}`, which fails unless there are 0 violations: no "
        "generation is FAILED as INTERNAL, none is COMPLETED without being whole, every one ends and can be shown, and "
        "the server logs no error."
    )
    yield from table(("Run", ""), _circumstances(load, seconds))
    statuses = sorted({status for _, status in load.endings})
    yield from table(
        ("How they ended", *KINDS), ((status, *(load.endings[kind, status] for kind in KINDS)) for status in statuses)
    )
    yield from table(("Change of a stream", "Times"), ((name, load.changes[name]) for name in CHANGES))
    yield "\n## How to read this\n"
    yield (
        "- The streams are answers to our prompts in the frames of recorded ones (`tests/mutations/streams`: that of "
        "llama.cpp is recorded, those of Groq and OpenAI are written after their documents), one in five with thoughts "
        "before the answer. Each is changed one to four times; one in ten also loses its connection. What a generation "
        "asks after that is mostly said as it should be."
    )
    yield (
        "- The judge reads the changed bytes again (`tests/mutations/reading.py`), slowly and with no code of the "
        "product. A text is whole where the reading comes to a known good end with the same text, to the letter. Files "
        "are whole where every announced path is among them, and each content stands in a stream to the letter. What "
        "subscribers got adds up to what is stored."
    )
    if load.violations:
        yield "\n## Violations\n\n```"
        yield from load.violations
        yield "```"


def _circumstances(load: Load, seconds: float) -> Iterator[tuple[str, object]]:
    yield from circumstances(seconds)
    yield "generations", load.endings.total()
    yield "requests", load.requests
    yield "changes", load.changes.total()
    yield "violations", len(load.violations)
