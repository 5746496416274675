"""What of a description nothing came of: no table, field, value, role or rule of the schema, and no other answer.

An account is kept of its words: those that the schema has, those that say nothing by themselves, and those that go with
others (`a small bakery`, `for farmers in Spain`). What a clause has left is told as it stands there, and a clause of
which nothing came, or that demands something with a number or a `must`, as a whole.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import SchemaModel
from services.scaffold.asides import COURTESIES, IMPERATIVES, TOKEN, instructs
from services.scaffold.names import words_of
from services.scaffold.naming import concept_of
from services.scaffold.plurals import singular
from services.scaffold.vocabulary import Vocabulary, vocabulary

_LONGEST_READ: Final = 20_000
_LONGEST_PHRASE: Final = 4
_ENDS: Final = frozenset(".,;:!?()\n\u2013\u2014")
_CUTS: Final = frozenset(["but", "where", "while", "whereas", "whose"])
_ABOUT: Final = frozenset(["for", "in", "at", "from", "of", "on", "about", "as", "like", "between", "among", "around"])
"""Words before what tells more of what is asked for, and asks for nothing."""
_DEMANDS: Final = frozenset(["must", "need", "needs", "never", "always", "cannot", "can't", "no", "not", "without"])
_OBLIGING: Final = frozenset(["must", "need", "needs"])
_ARTICLES: Final = frozenset(["a", "an", "the", "my", "our"])
_STRUCTURE: Final = frozenset(
    [
        *("is", "are", "with", "by", "to", "that", "who", "which", "per"),
        *("over", "under", "via", "through", "into", "onto", "can", "may"),
    ]
)
_FARTHEST: Final = 20
"""Words away at which one still has to do with another."""
_NUMBER: Final = re.compile(r"\d[\d.,%]*")


@frozen
class _Word:
    text: str
    start: int
    end: int
    is_used: bool = False
    """Whether the schema has it, or it has been told."""
    is_plain: bool = False
    """Whether it says nothing by itself."""

    @property
    def is_left(self) -> bool:
        return not self.is_used and not self.is_plain


def left_over(text: str, schema: SchemaModel, told: Iterable[str] = ()) -> list[str]:
    """Return the parts of a text of which nothing came, in their order, without those in what is told already."""
    return list(_Account(text[:_LONGEST_READ], schema, tuple(told)).parts())


@frozen
class _Account:
    text: str
    schema: SchemaModel
    told: Sequence[str]

    def parts(self) -> Iterator[str]:
        seen = False
        for words in self._clauses():
            first = None if seen else words
            seen = True
            part = _part(words, is_first=first is not None)
            if part is not None:
                yield " ".join(self.text[part[0] : part[1]].split())

    def _clauses(self) -> Iterator[list[_Word]]:
        clause: list[_Word] = []
        for word in self._words():
            is_cut = word.text in _CUTS
            if (word.text in _ENDS or is_cut) and clause:
                yield clause
                clause = []
            if word.text not in _ENDS and not is_cut:
                clause.append(word)
        if clause:
            yield clause

    def _words(self) -> list[_Word]:
        found = [(match[0].lower().replace("\u2019", "'"), *match.span()) for match in TOKEN.finditer(self.text)]
        texts = [text for text, _, _ in found]
        used = {*self._named(texts), *self._told_places([(start, end) for _, start, end in found])}
        return [
            _Word(text, start, end, is_used=at in used, is_plain=text in _ENDS or _is_plain(text))
            for at, (text, start, end) in enumerate(found)
        ]

    def _told_places(self, places: Sequence[tuple[int, int]]) -> Iterator[int]:
        mask = bytearray(len(self.text))
        for part in dict.fromkeys(self.told):
            for match in re.finditer(re.escape(part), self.text):
                mask[match.start() : match.end()] = b"\1" * len(part)
        return (at for at, (start, _) in enumerate(places) if mask[start])

    def _named(self, texts: Sequence[str]) -> Iterator[int]:
        """Yield the places of words that the schema has: by name, or as what its tables are like."""
        lexicon, tables = self._lexicon(texts), {table.name for table in self.schema.tables}
        tables |= {concept_of(table, lexicon) for table in tables}
        own = self._own_words()
        for at, text in enumerate(texts):
            translated = (name for word, name in lexicon.translations.items() if not text.isascii() and word in text)
            if not own.isdisjoint(_lemmas(text)) or lexicon.acts.get(text) in tables or any(translated):
                yield at
            for length in range(1, min(_LONGEST_PHRASE, len(texts) - at) + 1):
                name = lexicon.phrases.get(tuple(singular(word) for word in texts[at : at + length]))
                if name is not None and self._has(name, tables, lexicon):
                    yield from range(at, at + length)

    def _has(self, name: str, tables: set[str], lexicon: Vocabulary) -> bool:
        if name in tables:
            return True
        domain = lexicon.domains.get(name)
        return domain is not None and any(not tables.isdisjoint(choices) for choices, _ in domain.entities)

    def _lexicon(self, texts: Sequence[str]) -> Vocabulary:
        """Return the vocabulary as the domains that are spoken of have it."""
        lexicon = vocabulary()
        phrases = (
            tuple(singular(word) for word in texts[at : at + length])
            for at in range(len(texts))
            for length in range(1, _LONGEST_PHRASE + 1)
        )
        names = dict.fromkeys(lexicon.phrases[phrase] for phrase in phrases if phrase in lexicon.phrases)
        return lexicon.within(name for name in names if name in lexicon.domains)

    def _own_words(self) -> frozenset[str]:
        fields = [field for table in self.schema.tables for field in table.fields]
        names = [*(table.name for table in self.schema.tables), *(field.name for field in fields)]
        values = [value for field in fields if field.rules is not None for value in field.rules.values]
        return frozenset(singular(word.lower()) for name in [*names, *values] for word in words_of(name))


def _part(words: Sequence[_Word], *, is_first: bool) -> tuple[int, int] | None:
    """Return what is left of a clause, by characters."""
    left = [at for at, word in enumerate(words) if word.is_left and _tells(words, at, is_first=is_first)]
    is_demand = _demands(words, left)
    if not left and not is_demand:
        return None
    first = next((at for at, word in enumerate(words) if word.text not in COURTESIES), 0)
    if is_demand or not any(word.is_used for word in words):
        return words[first].start, words[-1].end
    start, last = left[0], left[-1]
    while start > first and words[start - 1].is_left:
        start -= 1
    while last + 1 < len(words) and _is_quality(words[last + 1].text):
        last += 1
    return words[start].start, words[last].end


def _demands(words: Sequence[_Word], left: Sequence[int]) -> bool:
    """Whether a clause has a number, forbids something or obliges to it, which no schema does."""
    open_words = [word for word in words if not word.is_used]
    if any(_NUMBER.fullmatch(word.text) for word in open_words):
        return True
    said = [word.text for word in open_words if word.text in _DEMANDS]
    if not said:
        return instructs(" ".join(word.text for word in words)) and bool(left)
    obliged = next((at for at, word in enumerate(words) if word.text in _OBLIGING), None)
    subject = words[:obliged]
    is_of_us = any(word.text in {"we", "i", "it"} for word in subject)
    is_of_things = not is_of_us and any(word.is_used and not _is_person(word.text) for word in subject)
    is_of_things = obliged is None or is_of_things
    return is_of_things or bool(left)


def _tells(words: Sequence[_Word], at: int, *, is_first: bool) -> bool:
    """Whether a word that is left asks for something by itself, and does not just tell more of what there is."""
    if _NUMBER.fullmatch(words[at].text):
        return True
    behind = at + 1
    while behind < min(len(words), at + _FARTHEST) and words[behind].is_left:
        behind += 1
    after = words[behind] if behind < len(words) else None
    if after is not None and (after.is_used or _is_thing(after.text)):
        return False
    before = list(reversed(words[max(at - _FARTHEST, 0) : at]))
    leading = next((number for number, word in enumerate(before) if _leads(word)), len(before))
    is_about = leading < len(before) and before[leading].text in _ABOUT
    return not is_about and not (is_first and _is_name(before))


def _is_name(before: Sequence[_Word]) -> bool:
    """Whether what a word stands behind, backwards, makes it the name of what is described: `a cheese cave`."""
    article = next((number for number, word in enumerate(before) if word.text in _ARTICLES), None)
    between = before[:article]
    return (
        article is not None
        and not any(_leads(word) for word in between)
        and not any(word.is_used for word in before[article:])
    )


def _leads(word: _Word) -> bool:
    """Whether a word says what those behind it have to do with those before."""
    is_verb = word.is_plain and not word.is_used and word.text in vocabulary().actions
    return is_verb or word.text in _leading_words()


@cache
def _leading_words() -> frozenset[str]:
    return _ABOUT | _STRUCTURE | IMPERATIVES | vocabulary().listing | vocabulary().having


def _is_thing(text: str) -> bool:
    return text in vocabulary().naming


def _is_quality(text: str) -> bool:
    return text in vocabulary().technical - vocabulary().naming


def _is_person(text: str) -> bool:
    lexicon = vocabulary()
    entity = lexicon.entities.get(lexicon.phrases.get((singular(text),), ""))
    return singular(text) in lexicon.signed_in | lexicon.roles | lexicon.writers or (
        entity is not None and entity.has("email")
    )


def _is_plain(text: str) -> bool:
    return len(text) == 1 or not _plain_words().isdisjoint(_lemmas(text))


@cache
def _plain_words() -> frozenset[str]:
    lexicon = vocabulary()
    people = lexicon.roles | lexicon.everyone | lexicon.signed_in | lexicon.writers
    return lexicon.stop_words - lexicon.telling | people | lexicon.self_service | lexicon.taking


def _lemmas(text: str) -> Iterator[str]:
    """Yield what a word may be a form of."""
    plain = text.removesuffix("'s").removesuffix("'")
    for word in (plain, plain.replace("-", "")):
        yield word
        yield singular(word)
        for ending in ("ing", "ed"):
            stem = word.removesuffix(ending)
            if stem != word and len(stem) > 2:  # noqa: PLR2004 - no `th` of `thing`
                yield from (stem, f"{stem}e", stem[:-1])
