"""The words of a description in order, and the tables that they name."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from services.core.frozen import frozen
from services.scaffold.naming import concept_of, is_implying, table_name
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
class Names:
    """What the tables and the fields of a schema are called, in words of the singular."""

    tables: frozenset[tuple[str, ...]] = frozenset()
    fields: frozenset[tuple[str, ...]] = frozenset()
    teams: frozenset[str] = frozenset()
    """What teams are called, by their last word."""
    roles: frozenset[str] = frozenset()
    """What members of teams may be, where a description says it: `member` is any of them."""


_NO_NAMES: Final = Names()
WHOLE: Final = "*"
"""Stands for all that an app is about, where something is said of `the catalogue`."""
_WHOLES: Final = frozenset(
    [
        *("catalogue", "catalog", "programme", "program", "directory", "website", "site", "collection", "archive"),
        *("registry", "index", "listing", "guide", "timetable", "database"),
    ]
)


@frozen
class Named:
    """A table that a description names, or a field."""

    name: str
    """Of a field: that of its table, if it is said, a point, and its own in the plural."""
    concept: str | None
    """The entity of the vocabulary that it is like."""
    end: int
    """The position after its name."""


@frozen
class Wording:
    """Lowercase words and punctuation by position; beyond the last there are full stops."""

    text: str
    tokens: Sequence[_Token]
    names: Names = _NO_NAMES
    """What is known to be a table or a field beside what the vocabulary has."""

    @classmethod
    def of(cls, description: str, names: Names = _NO_NAMES) -> "Wording":
        text = description[:_LONGEST_READ]
        found = _WORD.finditer(text)
        return cls(text, [_Token(match[0].lower().replace("\u2019", "'"), *match.span()) for match in found], names)

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
        """Return the table that is named at a position, a known one or any plural; or the field, also as a table's."""
        table, field = self._table(at, is_possessor=True), self._field(at)
        if field is not None and (table is None or table.end <= field.end):
            is_of = self.word(field.end) == "of"
            whose = self._table(self.skip(field.end + 1, FILLERS)) if is_of else None
            return self._of(whose, field, field.end if whose is None else whose.end)
        after = self._field(table.end) if table is not None else None
        return self._of(table, after, after.end) if after is not None else self._table(at)

    def _of(self, table: Named | None, field: Named, end: int) -> Named:
        return Named(f"{'' if table is None else table.name}.{field.name}", None, end)

    def _field(self, at: int) -> Named | None:
        for length in range(min(_LONGEST_PHRASE, len(self.tokens) - at), 0, -1):
            words = self.words(at, length)
            if tuple(map(singular, words)) in self.names.fields:
                return Named(table_name(words), None, at + length)
        return None

    def _table(self, at: int, *, is_possessor: bool = False) -> Named | None:
        """Return the table that is named at a position, also as whose something is: `employee's`."""
        lexicon = vocabulary()
        for length in range(min(_LONGEST_PHRASE, len(self.tokens) - at), 0, -1):
            words = self.words(at, length)
            words = (
                (*words[:-1], words[-1].removesuffix("s").removesuffix("'"))
                if is_possessor and "'" in words[-1]
                else words
            )
            phrase = tuple(map(singular, words))
            concept = lexicon.phrases.get(phrase)
            if concept is not None and concept in lexicon.entities:
                name = concept if is_implying(words, lexicon) else table_name(words)
                return Named(name, concept, at + length)
            if phrase in self.names.tables:
                like = concept_of(table_name(words))
                return Named(table_name(words), like if like in lexicon.entities else None, at + length)
        word = self.word(at)
        is_noun = word.isalpha() and singular(word) != word and singular(word) not in lexicon.stop_words
        return Named(table_name([word]), None, at + 1) if is_noun else None

    def is_whole(self, at: int) -> bool:
        """Whether what the app is about is named at a position, and no table: `the programme`."""
        named = self.table(at)
        is_table = named is not None and (named.concept is not None or (self.word(at),) in self.names.tables)
        return self.word(at) in _WHOLES and self.word(at - 1) in {"the", "our", "this", "whole"} and not is_table

    def table_before(self, at: int) -> str | None:
        """Return the name of the table that was named last, by all of its words: of things, where some are named."""
        named = list(self._before(at))
        return next((table.name for table, are_people in named if not are_people), named[0][0].name if named else None)

    def _before(self, at: int) -> Iterator[tuple[Named, bool]]:
        """Yield the tables that are named before a position, the last first, and whether their rows are people."""
        lexicon = vocabulary()
        for place in range(at - 1, max(at - _LONGEST_WAY, -1), -1):
            if self.is_whole(place):
                yield Named(WHOLE, None, place + 1), False
            elif (last := self._table(place)) is not None:
                whole = (self._table(start) for start in range(max(place - _LONGEST_PHRASE + 1, 0), place))
                entity = lexicon.entities.get(last.concept or "")
                are_people = singular(self.word(place)) in lexicon.roles or (entity is not None and entity.has("email"))
                yield next((table for table in whole if table is not None and table.end == last.end), last), are_people
