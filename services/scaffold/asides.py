"""The sentences of a description that describe nothing: those in other languages, and how to write a backend."""

import re
from typing import Final

from services.scaffold.reading.languages import Language, language_of
from services.scaffold.reading.tokens import sentences
from services.scaffold.vocabulary import vocabulary

_LONGEST_READ: Final = 20_000
TOKEN: Final = re.compile(r"[^\W_](?:[\w'\u2019+#-]*[\w+#])?|[.,;:!?()\n\u2013\u2014]|&")
IMPERATIVES: Final = frozenset(["use", "prefer", "avoid", "answer", "respond", "return"])
COURTESIES: Final = frozenset(["please", "and", "also", "or", "then", "it", "should"])
_SENTENCE: Final = re.compile(r"[^.;!?\n]+")
_LAST_LATIN: Final = "\u024f"
_FEWEST_FOREIGN: Final = 2


def foreign(text: str) -> list[str]:
    """Return the sentences in languages that the scaffold does not read, by their function words."""
    return [text[start:end].strip() for start, end in _foreign_places(text)]


def in_languages(text: str) -> dict[str, bool]:
    """Return the sentences in Spanish, French and German, and whether each says who alone may do something."""
    found = (match[0].strip() for match in _SENTENCE.finditer(text[:_LONGEST_READ]))
    return {sentence: _keeps_out(sentence) for sentence in found if _language(sentence) is not None}


def _language(sentence: str) -> Language | None:
    """Return the language of a sentence that the scaffold reads beside English."""
    return next((language for tokens in sentences(sentence) if (language := language_of(tokens)) is not None), None)


def _keeps_out(sentence: str) -> bool:
    language = _language(sentence)
    words = {token.word for tokens in sentences(sentence) for token in tokens}
    return language is not None and not words.isdisjoint(language.limits)


def _foreign_places(text: str) -> list[tuple[int, int]]:
    spans = [match.span() for match in _SENTENCE.finditer(text[:_LONGEST_READ])]
    sure = any(_is_foreign(text[slice(*span)], _FEWEST_FOREIGN) for span in spans)
    return [span for span in spans if _is_foreign(text[slice(*span)], 1)] if sure else []


def _is_foreign(sentence: str, fewest: int) -> bool:
    lexicon = vocabulary()
    if sum(letter > _LAST_LATIN for letter in sentence) * 2 > len(sentence):
        return not any(word in sentence for word in lexicon.translations)
    if _language(sentence) is not None:
        return False
    words = [match[0] for match in TOKEN.finditer(sentence.lower())]
    others = sum(word in lexicon.foreign for word in words)
    return others >= fewest and others > sum(word in lexicon.english for word in words)


def asides(text: str) -> list[tuple[int, int]]:
    """Return where it is said how to write a backend, as in `use tabs`, and not what it is of; and other languages."""
    spans = (match.span() for match in _SENTENCE.finditer(text[:_LONGEST_READ]))
    return [*_foreign_places(text), *(span for span in spans if instructs(text[slice(*span)].lower()))]


def instructs(sentence: str) -> bool:
    """Return whether a lowercase sentence says how to write a backend."""
    words = [match[0] for match in TOKEN.finditer(sentence)]
    while words and words[0] in COURTESIES:
        words = words[1:]
    return len(words) > 1 and words[0] in IMPERATIVES and words[1] not in {"it", "this", "to"}
