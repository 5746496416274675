"""From the phrases of sentences to what they say, from the left to the right."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from services.scaffold.reading.clause import Clause
from services.scaffold.reading.connectives import (
    read_close,
    read_colon,
    read_joint,
    read_parentheses,
    read_preposition,
    read_pronoun,
    read_relative,
)
from services.scaffold.reading.line import Line
from services.scaffold.reading.noun_phrases import read_noun
from services.scaffold.reading.phrases import Kind, Phrase
from services.scaffold.reading.sayings import Saying
from services.scaffold.reading.verbs import read_be, read_passive, read_quality, read_verb

_READERS: Final[Mapping[Kind, Callable[[Clause, int], int]]] = {
    Kind.NOUN: read_noun,
    Kind.VERB: read_verb,
    Kind.BE: read_be,
    Kind.PASSIVE: read_passive,
    Kind.QUALITY: read_quality,
    Kind.PREPOSITION: read_preposition,
    Kind.RELATIVE: read_relative,
    Kind.PRONOUN: read_pronoun,
    Kind.COLON: read_colon,
    Kind.OPEN: read_parentheses,
    Kind.CLOSE: read_close,
    Kind.COMMA: read_joint,
    Kind.CONJUNCTION: read_joint,
}


def scan(sentences: Iterable[Sequence[Phrase]]) -> tuple[list[Saying], list[str]]:
    """Return what sentences say, and all verbs, in their order; what `it` is in one is told by the one before."""
    sayings: list[Saying] = []
    verbs: list[str] = []
    topic: tuple[Phrase, ...] = ()
    previous: Phrase | None = None
    for number, phrases in enumerate(sentences):
        clause = Clause(Line(phrases), sayings, verbs, topic, previous, is_first=number == 0)
        at = 0
        while at < len(clause.line):
            at = _READERS[clause.line.kind(at)](clause, at) if clause.line.kind(at) in _READERS else at + 1
        previous = clause.last
        topic = clause.subjects or ((clause.head,) if clause.head is not None else topic)
    return sayings, verbs
