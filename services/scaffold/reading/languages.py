"""Sentences in Spanish, French and German as phrases: their function words in English, their nouns as they are."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from services.core.frozen import frozen
from services.scaffold.reading.english import look_up
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.inflections import german_dative, plural_in, stem_in
from services.scaffold.reading.neighbours import closed_words
from services.scaffold.reading.phrases import Kind, Phrase
from services.scaffold.reading.tokens import Token

_PATH: Final = Path(__file__).parent / "lexicon" / "languages.toml"
_FEWEST: Final = 2
_SHORTEST: Final = 3
_PREPOSITIONS: Final = frozenset({"with", "of", "to", "for", "per", "in", "by"})
_ARTICLES: Final = frozenset({"a", "the", "my", "their", "each", "many"})
_SINGLE: Final = frozenset({"a", "each"})
_QUALITIES: Final = frozenset({"unique", "optional"})
_VERBS: Final = frozenset({"have", "belong", "want"})
_OTHERS: Final = {
    "and": Kind.CONJUNCTION,
    "or": Kind.CONJUNCTION,
    "where": Kind.RELATIVE,
    "be": Kind.BE,
    "it": Kind.PRONOUN,
}
_MARKS: Final = {
    ",": Kind.COMMA,
    "/": Kind.COMMA,
    ":": Kind.COLON,
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    "\u2014": Kind.COLON,
}
_PARTITIVES: Final = frozenset({"des", "du"})
_GENITIVES: Final = frozenset({"eines", "einer", "des", "der"})


@frozen
class Language:
    name: str
    marks: frozenset[str]
    """Words that tell the language."""
    words: Mapping[str, str]
    """Function words, and the English ones that say the same."""
    limits: frozenset[str]
    """Words by which somebody is kept out."""
    plural: re.Pattern[str]
    participle: re.Pattern[str]
    verb: re.Pattern[str]


def language_of(tokens: Sequence[Token]) -> Language | None:
    """Return the language of a sentence: None for English, and for what no function word tells."""
    words = [token.word for token in tokens]
    best = max(_languages(), key=lambda language: sum(word in language.marks for word in words))
    count = sum(word in best.marks for word in words)
    unknown = sum(not look_up(word).is_known for word in words if len(word) >= _SHORTEST)
    english = sum(word in closed_words() for word in words)
    return best if count > english and (count >= _FEWEST or unknown * 2 >= len(words)) else None


def phrases(tokens: Sequence[Token], language: Language) -> list[Phrase]:
    """Return the phrases of a sentence in another language, in the order in which English would have them."""
    return _in_english_order(list(_Chunker(tokens, language).phrases()))


def _in_english_order(found: list[Phrase]) -> list[Phrase]:
    """Turn `to each collection belong medals`, at the beginning of a clause, to `each collection has medals`."""
    turned = list(found)
    for at in range(len(found) - 3):
        kinds = [phrase.kind for phrase in found[at : at + 4]]
        is_beginning = at == 0 or found[at - 1].kind in {Kind.COMMA, Kind.CONJUNCTION, Kind.COLON}
        if is_beginning and kinds == [Kind.PREPOSITION, Kind.NOUN, Kind.VERB, Kind.NOUN] and found[at].word != "with":
            turned[at] = Phrase(Kind.OTHER, "")
            turned[at + 2] = Phrase(Kind.VERB, "have")
    return [phrase for phrase in turned if phrase.kind is not Kind.OTHER]


@frozen
class _Chunker:
    tokens: Sequence[Token]
    language: Language

    def phrases(self) -> Iterator[Phrase]:
        at, articles, preposition = 0, list[str](), ""
        while at < len(self.tokens):
            english, end = self._english(at), at + 1
            if english in _ARTICLES:
                yield from self._genitive(at)
                articles.append(english)
                at = end
                continue
            if english is not None:
                preposition = english if english not in {"and", "or"} else preposition
                yield self._function(english)
            elif not self.tokens[at].is_word:
                mark = _MARKS.get(self.tokens[at].word)
                yield from [Phrase(mark, self.tokens[at].word)] if mark is not None else []
            elif (said := self._said(at)) is not None:
                yield said
            else:
                end = self._noun_end(at)
                yield from self._noun(at, end, tuple(articles), preposition)
            at, articles = end, []

    # Words

    def _english(self, at: int) -> str | None:
        """Return the English for a function word."""
        if not 0 <= at < len(self.tokens):
            return None
        word = self.tokens[at].word
        if self.language.name == "french" and word == "a":
            is_verb = self._opens_noun(at + 1) and self._english(at - 1) in {None, "and", "where"}
            return "have" if is_verb else "to"
        if self.language.name == "french" and word in _PARTITIVES:
            return "of" if self._is_noun(at - 1) and not self._is_verb(at - 1) else "many" if word == "des" else "the"
        if self.language.name == "french" and word == "ou":
            return "where" if self._english(at + 1) in {"the", "my"} else "or"
        return self.language.words.get(word)

    def _opens_noun(self, at: int) -> bool:
        word = self.tokens[at].word if at < len(self.tokens) else ""
        return self.language.words.get(word) in {"a", "many", "the"} or word in _PARTITIVES

    def _is_noun(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].is_word and self._english(at) is None

    def _genitive(self, at: int) -> Iterator[Phrase]:
        """Yield an `of` for an article that is one: `Pannen einer Maschine`."""
        is_genitive = self.language.name == "german" and self.tokens[at].word in _GENITIVES
        if is_genitive and self._is_noun(at - 1) and self.tokens[at - 1].is_capital:
            yield Phrase(Kind.PREPOSITION, "of")

    def _function(self, english: str) -> Phrase:
        if english in _QUALITIES:
            return Phrase(Kind.QUALITY, english, qualities=(english,))
        if english in _PREPOSITIONS:
            return Phrase(Kind.PREPOSITION, english)
        return Phrase(Kind.VERB, english) if english in _VERBS else Phrase(_OTHERS[english], english)

    def _said(self, at: int) -> Phrase | None:
        """Return a verb, a participle or an adjective; None for what is a noun."""
        word = self.tokens[at].word
        if self._is_verb(at):
            return Phrase(Kind.VERB, _verbs().get(word, word), text=word)
        is_behind = self._is_noun(at - 1) or self._english(at - 1) == "be"
        if is_behind and self.language.participle.search(word) and self._english(at + 1) in _PREPOSITIONS:
            return Phrase(Kind.PASSIVE, word, qualities=(word,))
        if self.language.name == "german" and not self.tokens[at].is_capital and at > 0:
            return Phrase(Kind.QUALITY, word, qualities=(word,))
        return None

    def _is_verb(self, at: int) -> bool:
        token, before = self.tokens[at], self._english(at - 1)
        if before in _ARTICLES | _PREPOSITIONS or (token.is_capital and self.language.name == "german"):
            return False
        if token.word in _verbs():
            return True
        may_follow = self._is_noun(at - 1) or before in {"and", "where", "it"}
        opens = self._opens_noun(at + 1) or self._is_noun(at + 1) or self._english(at + 1) in _PREPOSITIONS
        return may_follow and at > 0 and opens and self.language.verb.search(token.word) is not None

    # Nouns

    def _noun_end(self, start: int) -> int:
        """Return where a noun ends with what tells more of it: `fecha de entrada`, `prix total`."""
        end = start + 1
        if self.language.name == "german":
            return end
        while self._english(end) == "of" and self._is_noun(end + 1) and self._is_compound(start, end + 1):
            end += 2
        is_state = _english_noun(self.tokens[start].word) in grammar().states
        is_adjective = self._is_noun(end) and self._said(end) is None and not is_state
        return end + is_adjective

    def _is_compound(self, first: int, second: int) -> bool:
        """Whether two nouns are one thing: neither things of things, nor a thing with a quality."""
        word, other = self.tokens[first].word, self.tokens[second].word
        if _english_noun(word) is not None:
            return True
        are_many = self.language.plural.search(word) and self.language.plural.search(other)
        return not are_many and _english_noun(other) is None

    def _noun(self, start: int, end: int, articles: tuple[str, ...], preposition: str) -> Iterator[Phrase]:
        words = [token.word.replace("-", "_") for token in self.tokens[start:end]]
        head, rest = words[0], words[1:]
        english = _english_noun(head)
        is_plural = self._is_plural(start, articles) and (english is None or "many" in articles)
        written = german_dative(head) if self.language.name == "german" and preposition in _PREPOSITIONS else head
        form = written if is_plural else plural_in(self.language.name, head)
        stem = head if english is not None else stem_in(self.language.name, head)
        following = self._english(end)
        yield Phrase(
            Kind.NOUN,
            english or stem,
            nouns=(stem, *rest),
            articles=articles,
            qualities=(following,) if following in _QUALITIES else (),
            is_plural=is_plural,
            is_foreign=True,
            plural="_".join((form, *rest)),
            text="_".join(words),
        )

    def _is_plural(self, at: int, articles: tuple[str, ...]) -> bool:
        return self.language.plural.search(self.tokens[at].word) is not None and _SINGLE.isdisjoint(articles)


def _english_noun(word: str) -> str | None:
    """Return the English for a noun that means a quality; of a German compound, for its last word."""
    nouns = _nouns()
    if word in nouns:
        return nouns[word]
    endings = (own for own in nouns if len(own) > _SHORTEST and len(word) > len(own) + 2 and word.endswith(own))
    return nouns[max(endings, key=len)] if (endings := list(endings)) else None


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(_PATH.read_text(encoding="utf-8"))


@cache
def _languages() -> Sequence[Language]:
    return [_language(name, _document()[name]) for name in ("spanish", "french", "german")]


def _language(name: str, entry: dict[str, Any]) -> Language:
    words = _by_word(entry["words"])
    own = (word for word in words if word not in closed_words())
    patterns = (re.compile(entry[kind]) for kind in ("plural", "participle", "verb"))
    return Language(
        name, frozenset(entry["marks"].split()) | frozenset(own), words, frozenset(entry["limits"].split()), *patterns
    )


@cache
def _verbs() -> Mapping[str, str]:
    return _by_word(_document()["verbs"])


@cache
def _nouns() -> Mapping[str, str]:
    return _by_word(_document()["nouns"])


def _by_word(entries: Mapping[str, str]) -> dict[str, str]:
    return {word: english for english, words in entries.items() for word in words.split()}
