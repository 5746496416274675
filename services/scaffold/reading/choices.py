"""All that a quality may be, where a sentence lists it: `of draft, sent or paid`, `(tent, rv or cabin)`."""

from typing import Final

from services.scaffold.reading.line import JOINTS, Line
from services.scaffold.reading.nouns import is_quality
from services.scaffold.reading.phrases import Kind, Phrase

Choice = tuple[tuple[str, ...], int]
"""The values, none where nothing is listed, and the position behind them."""

_MOST: Final = 20
_LONGEST: Final = 4
"""Phrases of a value, as in `in mediation`."""
_WORDS: Final = frozenset({Kind.NOUN, Kind.QUALITY, Kind.PASSIVE, Kind.VERB, Kind.PREPOSITION, Kind.PRONOUN})
_STATED: Final = frozenset({Kind.QUALITY, Kind.PASSIVE, Kind.NOUN, Kind.VERB})
_PRONOUNS: Final = frozenset({"no", "none", "all", "both"})


def choice_behind(line: Line, at: int, *, may_begin: bool = False, are_several: bool = False) -> Choice:
    """Read what stands behind a quality, with `of`, a colon or in parentheses, or as in `priority low, medium or high`.

    What is a state `may_begin` with its values at once, and list them without an `or` behind a colon. Where
    `are_several` of it, as in `roles admin and editor`, no `or` is needed.
    """
    is_open = line.kind(at) is Kind.OPEN
    is_marked = is_open or line.word(at) == "of" or line.kind(at) is Kind.COLON
    is_bare = line.is_noun(at) and not line.at(at).articles and line.word(at + 1) == "or"
    begins = may_begin and line.kind(at) in _STATED and not line.at(at).articles
    if not is_marked and not is_bare and not begins and line.kind(at) is not Kind.QUALITY:
        return (), at
    values, end, has_or = _listed(line, at + is_marked)
    is_closed = is_open and line.kind(end) is Kind.CLOSE
    if is_open and not may_begin and any(map(is_quality, line.phrases[at + 1 : end])):
        return (), at
    is_whole = may_begin and line.kind(at) is Kind.COLON and line.kind(end) is Kind.END
    is_said = has_or or is_closed or is_whole or are_several
    return (values, end + is_closed) if len(values) > 1 and is_said else ((), at)


def stated_choice(line: Line, at: int) -> Choice:
    """Read what stands behind `is`: `pending, approved or rejected`."""
    if line.kind(at) not in _STATED or line.at(at).articles:
        return (), at
    values, end, has_or = _listed(line, at)
    return (values, end) if len(values) > 1 and has_or else ((), at)


def _listed(line: Line, at: int) -> tuple[tuple[str, ...], int, bool]:
    """Return the values that are listed from a position, where they end, and whether an `or` is among them."""
    values: list[str] = []
    has_or = False
    while len(values) < _MOST and (end := _value_end(line, at)) > at:
        values.append("_".join(map(_text, line.phrases[at:end])))
        at = end
        if line.kind(at) not in JOINTS or (has_or and line.word(at) != "or"):
            break
        after = at + 1 + (line.kind(at + 1) is Kind.CONJUNCTION)
        has_or = has_or or line.word(after - 1) in {"or", "/"} or line.word(at) in {"or", "/"}
        at = after
    return tuple(values), at, has_or


def _value_end(line: Line, start: int) -> int:
    """Return the position behind a value; its own where none is."""
    at = start
    while line.kind(at) in _WORDS and at < start + _LONGEST:
        phrase = line.at(at)
        if (phrase.kind is Kind.PREPOSITION and at > start) or (
            phrase.kind is Kind.PRONOUN and phrase.word not in _PRONOUNS
        ):
            break
        if not {"a", "an", "the", "one"}.isdisjoint(phrase.articles):
            return start
        at += 1
    return at


def _text(phrase: Phrase) -> str:
    return phrase.text or "_".join(phrase.qualities) or phrase.word
