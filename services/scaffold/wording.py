"""The words of a description in order, and the tables that they name."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from services.core.frozen import frozen
from services.scaffold.naming import is_implying, table_name
from services.scaffold.plurals import singular
from services.scaffold.vocabulary import vocabulary

FILLERS: Final = frozenset(
    [
        *("the", "a", "an", "all", "any", "each", "every", "new", "existing", "other", "of", "in", "our"),
        *("this", "that", "these", "those", "other's", "others", "others'"),
    ]
)
"""Words before a noun that change nothing about who may do what."""
OWN: Final = frozenset(["their", "his", "her", "its", "own", "my", "themselves"])
LINKS: Final = frozenset([",", "and", "or"])
_LONGEST_READ: Final = 20_000
"""Characters of a description that are looked at."""
_LONGEST_PHRASE: Final = 4
LONGEST_SKIP: Final = 20
"""Words: a text of articles alone is not to be read once for each of them."""
_LONGEST_WAY: Final = 20
"""Words back to what `it` is."""
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'\u2019-]{0,30}|[.,;:!?\n]")


@frozen
class _Token:
    word: str
    start: int
    end: int


@frozen
class Named:
    """A table that a description names."""

    name: str
    concept: str | None
    """The entity of the vocabulary that it is like."""
    end: int
    """The position after its name."""


@frozen
class Wording:
    """Lowercase words and punctuation by position; beyond the last there are full stops."""

    text: str
    tokens: Sequence[_Token]

    @classmethod
    def of(cls, description: str) -> "Wording":
        text = description[:_LONGEST_READ]
        found = _WORD.finditer(text)
        return cls(text, [_Token(match[0].lower().replace("\u2019", "'"), *match.span()) for match in found])

    def __len__(self) -> int:
        return len(self.tokens)

    def word(self, at: int) -> str:
        return self.tokens[at].word if 0 <= at < len(self.tokens) else "."

    def words(self, start: int, count: int) -> tuple[str, ...]:
        return tuple(self.word(at) for at in range(start, start + count))

    def said(self, start: int, end: int) -> str:
        """Return the description's own words from one position to before another, on one line."""
        return " ".join(self.text[self.tokens[start].start : self.tokens[end - 1].end].split())

    def skip(self, at: int, words: frozenset[str]) -> int:
        """Return the position behind words, of which no more than some are skipped."""
        end = at + LONGEST_SKIP
        while at < end and self.word(at) in words:
            at += 1
        return at

    def table(self, at: int) -> Named | None:
        """Return the table that is named at a position: a known one, or any plural."""
        lexicon = vocabulary()
        for length in range(min(_LONGEST_PHRASE, len(self.tokens) - at), 0, -1):
            words = self.words(at, length)
            concept = lexicon.phrases.get(tuple(map(singular, words)))
            if concept is not None and concept in lexicon.entities:
                name = concept if is_implying(words, lexicon) else table_name(words)
                return Named(name, concept, at + length)
        word = self.word(at)
        is_noun = word.isalpha() and singular(word) != word and singular(word) not in lexicon.stop_words
        return Named(table_name([word]), None, at + 1) if is_noun else None

    def table_before(self, at: int) -> str | None:
        """Return the name of the table that was named last, by all of its words: of things, where some are named."""
        named = list(self._before(at))
        return next((table.name for table, are_people in named if not are_people), named[0][0].name if named else None)

    def _before(self, at: int) -> Iterator[tuple[Named, bool]]:
        """Yield the tables that are named before a position, the last first, and whether their rows are people."""
        lexicon = vocabulary()
        for place in range(at - 1, max(at - _LONGEST_WAY, -1), -1):
            if (last := self.table(place)) is not None:
                whole = (self.table(start) for start in range(max(place - _LONGEST_PHRASE + 1, 0), place))
                entity = lexicon.entities.get(last.concept or "")
                are_people = singular(self.word(place)) in lexicon.roles or (entity is not None and entity.has("email"))
                yield next((table for table in whole if table is not None and table.end == last.end), last), are_people
