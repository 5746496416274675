"""This file is how the scaffold reads a description: the tables and domains that its words mention.

There is no grammar here, only rules of thumb: known phrases first, the longest of them; then nouns, which are taken to
be the plural words, and those before `app` or `system`, that are not in the list of stop words.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from services.llm.scaffold.plurals import is_plural, plural, singular
from services.llm.scaffold.vocabulary import Vocabulary, vocabulary

_LONGEST_READ = 20_000
"""Characters of a description that are looked at."""
_LONGEST_PHRASE = 4
_SHORTEST_NOUN = 3
_WORD = re.compile(r"(?<![a-z])[a-z]{1,30}(?![a-z])|[.;:!?\n]")
_TAG = re.compile(r"<[^<>]{0,200}>")
_CLAUSE_ENDS = frozenset(".;:!?\n")

_ENDINGS = ("ing", "ly", "ed", "ness", "able", "ible", "ful", "less", "ous", "ical")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What a description speaks of, each in the order of first mention."""

    entities: tuple[str, ...]
    domains: tuple[str, ...]
    acts: tuple[str, ...]
    """Entities that only verbs ask for, as `book` does for bookings."""
    nouns: tuple[str, ...]
    """Names of tables, in the plural, for nouns that the vocabulary does not have."""


def read_mentions(description: str) -> Mentions:
    """Read a text of any kind and language. Equal texts give equal mentions."""
    known = vocabulary()
    reader = _Reader(_words(description), known)
    names = dict.fromkeys([*_translated(description, known), *reader.names()])
    return Mentions(
        entities=tuple(name for name in names if name in known.entities),
        domains=tuple(name for name in names if name in known.domains),
        acts=tuple(dict.fromkeys(reader.acts())),
        nouns=tuple(dict.fromkeys(reader.nouns(is_known=bool(names)))),
    )


def _words(description: str) -> list[str]:
    """Lowercase ASCII words without accents, and the punctuation that ends a clause."""
    text = _TAG.sub(" . ", description[:_LONGEST_READ])
    folded = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).encode("ascii", "ignore").decode().lower()
    return _WORD.findall(folded.replace("'s ", " "))


def _translated(description: str, known: Vocabulary) -> Iterator[str]:
    text = description[:_LONGEST_READ]
    places = sorted((text.find(word), name) for word, name in known.translations.items())
    return (name for place, name in places if place >= 0)


@dataclass(frozen=True, slots=True)
class _Reader:
    words: list[str]
    known: Vocabulary

    def names(self) -> Iterator[str]:
        """The entities and domains that are mentioned, repetitions included."""
        return (name for _, _, name in self._phrases() if name is not None)

    def acts(self) -> Iterator[str]:
        for position, word in enumerate(self.words):
            if word in self.known.acts and self._is_verb(position):
                yield self.known.acts[word]

    def nouns(self, *, is_known: bool) -> Iterator[str]:
        """Tables for unknown nouns. Where something is known, only for those that are listed beside it."""
        places = [start for start, _, name in self._phrases() if name is None and self._is_noun(start)]
        tellings = [place for place in places if self._names_things(place)]
        if is_known:
            return (self._table(place) for place in tellings if not self._is_about(place))
        return (self._table(place) for place in tellings or places[:1])

    def _phrases(self) -> Iterator[tuple[int, int, str | None]]:
        """The text as known phrases and single other words: start, length, and the name of a known one."""
        position = 0
        while position < len(self.words):
            name, length = self._phrase_at(position)
            yield position, length, name
            position += length

    def _phrase_at(self, position: int) -> tuple[str | None, int]:
        for length in range(min(_LONGEST_PHRASE, len(self.words) - position), 0, -1):
            phrase = tuple(singular(word) for word in self.words[position : position + length])
            if phrase in self.known.phrases and (length > 1 or not self._is_other(position)):
                return self.known.phrases[phrase], length
        return None, 1

    def _is_other(self, position: int) -> bool:
        """Whether a word that may name a table means something else here."""
        word = self.words[position]
        if word == "people":
            return self._before(position) in self.known.generic_people
        return word in self.known.technical or self._is_verb(position)

    def _is_verb(self, position: int) -> bool:
        word, before, after = self.words[position], self._before(position), self._after(position)
        if singular(word) not in self.known.ambiguous:
            return False
        if is_plural(word):
            return before in self.known.before_verb or after in self.known.after_verb
        starts_clause = before in _CLAUSE_ENDS and after not in _CLAUSE_ENDS and after not in self.known.technical
        follows_doer = before in self.known.before_verb or is_plural(before)
        return starts_clause or follows_doer or after in self.known.after_verb or is_plural(after)

    def _is_noun(self, position: int) -> bool:
        word = self.words[position]
        if len(word) < _SHORTEST_NOUN or word.endswith(_ENDINGS) or self._before(position) in self.known.before_verb:
            return False
        return not {word, singular(word)} & (self.known.stop_words | self.known.ambiguous)

    def _names_things(self, position: int) -> bool:
        return is_plural(self.words[position]) or self._after(position) in self.known.technical

    def _is_about(self, position: int) -> bool:
        leading = (
            word
            for word in reversed(self.words[:position])
            if word in self.known.about | self.known.listing | _CLAUSE_ENDS
        )
        return next(leading, "with") in self.known.about

    def _table(self, position: int) -> str:
        """Name a table for a noun, with the unknown one before it, as in `coffee beans`."""
        table = plural(singular(self.words[position]))
        before = self._before(position)
        is_compound = position > 0 and self._is_noun(position - 1) and not is_plural(before)
        return f"{before}_{table}" if is_compound and (singular(before),) not in self.known.phrases else table

    def _before(self, position: int) -> str:
        return self.words[position - 1] if position else "."

    def _after(self, position: int) -> str:
        return self.words[position + 1] if position + 1 < len(self.words) else "."
