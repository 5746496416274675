"""A sentence as phrases: noun phrases and what stands between them."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final

from services.core.frozen import frozen
from services.scaffold.plurals import singular
from services.scaffold.reading.english import look_up
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.neighbours import Tag, ends_plural
from services.scaffold.reading.tagging import tag
from services.scaffold.reading.tokens import Token


class Kind(Enum):
    NOUN = "noun"
    VERB = "verb"
    PASSIVE = "passive"
    """A participle that says what is done to the noun before it."""
    BE = "be"
    PREPOSITION = "preposition"
    CONJUNCTION = "conjunction"
    COMMA = "comma"
    COLON = "colon"
    OPEN = "open"
    CLOSE = "close"
    RELATIVE = "relative"
    PRONOUN = "pronoun"
    QUALITY = "quality"
    """An adjective or a participle that stands alone, as in `is paid` and `draft or sent`."""
    NUMBER = "number"
    OTHER = "other"
    END = "end"


@frozen
class Phrase:
    kind: Kind
    word: str
    """The base form of a verb, the head of a noun phrase, else the word."""
    nouns: tuple[str, ...] = ()
    """The words of the name: nouns, the last in the singular, and the adjectives that classify it."""
    qualities: tuple[str, ...] = ()
    """Adjectives and participles before the nouns."""
    articles: tuple[str, ...] = ()
    """Determiners and quantities before the nouns."""
    is_plural: bool = False
    is_possessive: bool = False
    is_negated: bool = False
    plural: str = ""
    """The name of a table of it, as the text has it or the language makes it."""
    is_foreign: bool = False
    text: str = ""
    """All of its words, with `_` between them."""
    can: bool = False
    """Of a verb: whether it is said that somebody can do so, or is to."""

    @property
    def name(self) -> str:
        return "_".join(self.nouns)

    @property
    def articles_are_many(self) -> bool:
        return self.is_plural and bool(self.articles)


_INSIDE: Final = frozenset({Tag.DETERMINER, Tag.QUANTIFIER, Tag.ADJECTIVE, Tag.NOUN, Tag.ADVERB, Tag.PARTICIPLE})
_LONGEST: Final = 12
"""Words of a noun phrase: what goes on is another."""
_SAME: Final = frozenset({"series", "species", "sheep", "fish", "deer", "aircraft"})
_SINGLE: Final = frozenset({"a", "an", "each", "every", "one", "this"})
_SIMPLE: Final = {
    Tag.PREPOSITION: Kind.PREPOSITION,
    Tag.CONJUNCTION: Kind.CONJUNCTION,
    Tag.COMMA: Kind.COMMA,
    Tag.RELATIVE: Kind.RELATIVE,
    Tag.PRONOUN: Kind.PRONOUN,
    Tag.BE: Kind.BE,
    Tag.DETERMINER: Kind.PRONOUN,
    Tag.QUANTIFIER: Kind.PRONOUN,
}
_MARKS: Final = {":": Kind.COLON, "(": Kind.OPEN, ")": Kind.CLOSE, "\u2014": Kind.COLON}


def phrases(tokens: Sequence[Token]) -> list[Phrase]:
    """Return the phrases of a sentence in their order."""
    return list(_Chunker(tokens, tag(tokens)).phrases())


@frozen
class _Chunker:
    tokens: Sequence[Token]
    tags: Sequence[Tag]

    def phrases(self) -> Iterator[Phrase]:
        at, can, negated = 0, False, False
        while at < len(self.tokens):
            tag_here = self.tags[at]
            if tag_here in {Tag.MODAL, Tag.TO, Tag.NOT}:
                can, negated = can or tag_here is not Tag.NOT, negated or tag_here is Tag.NOT
                at += 1
                continue
            end = self._noun_phrase_end(at)
            if end is not None:
                yield from self._noun_phrases(at, end)
                at = end
            else:
                phrase = self._single(at, can=can, negated=negated)
                if phrase is not None:
                    yield phrase
                at += 1
            if tag_here is not Tag.ADVERB:
                can, negated = False, False

    def _noun_phrase_end(self, at: int) -> int | None:
        """Return where a noun phrase ends that begins at a position; None where none does."""
        place, has_noun = at, False
        while place < min(len(self.tokens), at + _LONGEST) and self.tags[place] in _INSIDE:
            tag_here = self.tags[place]
            if tag_here is Tag.NOUN:
                has_noun = True
            elif has_noun or (tag_here is Tag.PARTICIPLE and not (place > at or self._leads_noun(place))):
                break
            place += 1
        if not has_noun or (self.tags[at] is Tag.ADVERB and at + 1 == place):
            return None
        return place

    def _leads_noun(self, place: int) -> bool:
        return place + 1 < len(self.tags) and self.tags[place + 1] in {Tag.NOUN, Tag.ADJECTIVE}

    def _noun_phrases(self, start: int, end: int) -> Iterator[Phrase]:
        """Yield a noun phrase, cut behind possessives and between nouns that are no compound."""
        first = start
        for place in range(start, end):
            if self.tags[place] is not Tag.NOUN:
                continue
            is_last = place + 1 == end
            is_cut = (
                self._is_complete(place)
                or self._is_state_before_value(place)
                or self._is_single_before_plural(first, place)
            )
            if is_last or self.tokens[place].is_possessive or is_cut:
                yield self._noun(first, place + 1)
                first = place + 1

    def _is_complete(self, place: int) -> bool:
        word = self.tokens[place].word
        return (ends_plural(word) or word == "people") and word not in grammar().plural_modifiers

    def _is_state_before_value(self, place: int) -> bool:
        """Whether a noun is followed by what it may be: `condition good, fair or lost`."""
        if self.tokens[place].word not in grammar().states or place + 2 >= len(self.tokens):
            return False
        is_listed = self.tags[place + 2] in {Tag.COMMA, Tag.CONJUNCTION}
        return is_listed and not ends_plural(self.tokens[place + 1].word)

    def _is_single_before_plural(self, first: int, place: int) -> bool:
        """Whether a noun with `a` or `each` is followed by one in the plural: `during a visit events are recorded`."""
        following = self.tokens[place + 1].word if place + 1 < len(self.tokens) else ""
        is_pair = self.tags[place + 1] is Tag.NOUN and ends_plural(following) if following else False
        return is_pair and self.tokens[first].word in _SINGLE and not _leads_to_noun(self.tags, place + 2)

    def _noun(self, start: int, end: int) -> Phrase:
        words = [(token.word, kind) for token, kind in zip(self.tokens[start:end], self.tags[start:end], strict=True)]
        nouns = [word for word, kind in words if kind is Tag.NOUN]
        qualities = [word for word, kind in words if kind in {Tag.ADJECTIVE, Tag.PARTICIPLE}]
        articles = [word for word, kind in words if kind in {Tag.DETERMINER, Tag.QUANTIFIER}]
        last = nouns[-1]
        name = (*(word.replace("-", "_") for word in nouns[:-1]), singular(last.replace("-", "_")))
        return Phrase(
            Kind.NOUN,
            singular(last),
            nouns=name,
            qualities=tuple(qualities),
            articles=tuple(articles),
            is_plural=singular(last) != last or (last in _SAME and bool(articles) and not _SINGLE & set(articles)),
            is_possessive=self.tokens[end - 1].is_possessive,
            text="_".join(word for word, _ in words),
            plural="_".join((*name[:-1], last.replace("-", "_"))) if singular(last) != last else "",
        )

    def _single(self, at: int, *, can: bool, negated: bool) -> Phrase | None:
        """Return a word that is in no noun phrase; None where it says nothing by itself."""
        token, kind = self.tokens[at], self.tags[at]
        base = look_up(token.word).verb or token.word
        match kind:
            case Tag.MARK:
                return Phrase(_MARKS[token.word], token.word) if token.word in _MARKS else None
            case Tag.VERB | Tag.GERUND:
                return Phrase(Kind.VERB, base, text=token.word, can=can, is_negated=negated)
            case Tag.PARTICIPLE:
                return Phrase(Kind.PASSIVE, base, qualities=(token.word,), can=can)
            case Tag.ADJECTIVE:
                return Phrase(Kind.QUALITY, token.word, qualities=(token.word,))
            case _:
                name = Kind.NUMBER if token.is_number else _SIMPLE.get(kind)
                return Phrase(name, token.word, can=can, is_negated=negated) if name is not None else None


def _leads_to_noun(tags: Sequence[Tag], at: int) -> bool:
    return at < len(tags) and tags[at] is Tag.NOUN
