"""How the scaffold reads a description: the tables and domains that its words mention.

There is no grammar here, only rules of thumb: known phrases first, the longest of them; then nouns, which are taken to
be the plural words, and those before `app` or `system`, that are not in the list of stop words.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from services.core.frozen import frozen
from services.scaffold.plurals import is_plural, plural, singular
from services.scaffold.vocabulary import Vocabulary, vocabulary

_LONGEST_READ = 20_000
"""Characters of a description that are looked at."""
_LONGEST_PHRASE = 4
_SHORTEST_NOUN = 3
_WORD = re.compile(r"(?<![a-z])[a-z]{1,30}(?![a-z])|[.,;:!?\n]")
_TAG = re.compile(r"<[^<>]{0,200}>")
_CLAUSE_ENDS = frozenset(".;:!?\n")
_LINKS = frozenset({",", "and", "or"})
_ARTICLES = frozenset({"a", "an", "the", "each", "every"})
_MODALS = frozenset(
    {"who", "that", "can", "could", "may", "might", "must", "should", "will", "would", "to", "also", "then"}
)
_LONGEST_TELLING = 3
"""Words between a verb and its noun."""
_LONGEST_CHAIN = 6
"""Words in front of one in which verbs that it is listed with are looked for."""

_ENDINGS = ("ing", "ly", "ed", "ness", "able", "ible", "ful", "less", "ous", "ical")


@frozen
class Mentions:
    """What a description speaks of, each in the order of first mention."""

    entities: tuple[str, ...]
    domains: tuple[str, ...]
    acts: tuple[str, ...]
    """Entities that only verbs ask for, as `book` does for bookings."""
    actors: tuple[str, ...]
    """Entities that do something by themselves, as members do in `members book classes`."""
    nouns: tuple[str, ...]
    """Names of tables, in the plural, for nouns that the vocabulary does not have."""
    served: frozenset[str]
    """Those of the nouns that people take from a list, as cakes are in `customers order cakes`."""
    wholes: Mapping[str, str]
    """For some of the nouns the table whose part they are, as shows are of episodes in `shows have episodes`."""


def read_mentions(description: str, aside: Sequence[tuple[int, int]] = ()) -> Mentions:
    """Read a text of any kind and language. Equal texts give equal mentions.

    Between the places `aside`, pairs of positions in their order, only what the vocabulary knows is a table.
    """
    lexicon = vocabulary()
    words, quiet = _words(description, aside)
    translated = list(_translated(description, lexicon))
    spoken_of = dict.fromkeys([*translated, *_Reader(words, lexicon, quiet).names()])
    reader = _Reader(words, lexicon.within(name for name in spoken_of if name in lexicon.domains), quiet)
    names = dict.fromkeys([*translated, *reader.names()])
    nouns = list(reader.nouns(is_known=bool(names)))
    return Mentions(
        entities=tuple(name for name in names if name in lexicon.entities),
        domains=tuple(name for name in names if name in lexicon.domains),
        acts=tuple(dict.fromkeys(reader.acts())),
        actors=tuple(dict.fromkeys(reader.actors())),
        nouns=tuple(dict.fromkeys(noun for noun, _ in nouns)),
        served=frozenset(noun for noun in dict(nouns) if reader.is_served(noun)),
        wholes={noun: whole for noun, whole in reversed(nouns) if whole is not None},
    )


def _words(description: str, aside: Sequence[tuple[int, int]]) -> tuple[list[str], frozenset[int]]:
    """Lowercase ASCII words without accents, and punctuation; and which of them, by number, are aside."""
    words: list[str] = []
    quiet: set[int] = set()
    position = 0
    for start, end in (*aside, (_LONGEST_READ, _LONGEST_READ)):
        words += _folded(description[position : min(start, _LONGEST_READ)])
        within = _folded(description[start : min(end, _LONGEST_READ)])
        quiet.update(range(len(words), len(words) + len(within)))
        words += within
        position = max(position, end)
    return words, frozenset(quiet)


def _folded(text: str) -> list[str]:
    text = _TAG.sub(" . ", text)
    folded = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).encode("ascii", "ignore").decode().lower()
    return _WORD.findall(folded.replace("'s ", " "))


def _translated(description: str, lexicon: Vocabulary) -> Iterator[str]:
    text = description[:_LONGEST_READ]
    places = sorted((text.find(word), name) for word, name in lexicon.translations.items())
    return (name for place, name in places if place >= 0)


@frozen
class _Reader:
    words: list[str]
    vocabulary: Vocabulary
    quiet: frozenset[int]

    def names(self) -> Iterator[str]:
        """The entities and domains that are mentioned, repetitions included."""
        return (name for _, _, name in self._phrases() if name is not None)

    def acts(self) -> Iterator[str]:
        for position, word in enumerate(self.words):
            if word in self.vocabulary.acts and self._is_verb(position) and self._before(position) != "in":
                yield self.vocabulary.acts[word]

    def actors(self) -> Iterator[str]:
        for start, length, name in self._phrases():
            after = start + length
            while after < len(self.words) and self.words[after] in _MODALS:
                after += 1
            if name is not None and self._acts(start, after - 1, has_modal=after > start + length):
                yield name

    def _acts(self, start: int, last: int, *, has_modal: bool) -> bool:
        """Whether what begins at `start` does what stands after `last`: `customers order`, not `customer orders`."""
        verb = self._after(last)
        if has_modal or is_plural(self.words[last]):
            return verb in self.vocabulary.self_service
        return singular(verb) in self.vocabulary.self_service and is_plural(verb) and self._before(start) in _ARTICLES

    def nouns(self, *, is_known: bool) -> Iterator[tuple[str, str | None]]:
        """Tables for unknown nouns, and whose parts they are. Where something is known, only those listed beside it."""
        places = [
            start
            for start, _, name in self._phrases()
            if name is None and self._is_noun(start) and start not in self.quiet
        ]
        tellings = [place for place in places if self._names_things(place)]
        if is_known:
            chosen = [place for place in tellings if not self._is_about(place)]
        else:
            chosen = tellings or [place for place in places if self._after(place) not in self.vocabulary.technical][:1]
        return ((self._table(place), self._whole(place)) for place in chosen)

    def is_served(self, noun: str) -> bool:
        """Whether a verb of taking stands right before a noun, but for what tells more of it."""
        last = noun.rpartition("_")[2]
        places = (place for place, word in enumerate(self.words) if plural(singular(word)) == last)
        before = (set(self.words[max(place - _LONGEST_TELLING, 0) : place]) for place in places)
        return any(not words.isdisjoint(self.vocabulary.taking) for words in before)

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
            if phrase in self.vocabulary.phrases and (length > 1 or not self._is_other(position)):
                if position in self.quiet and self._is_no_table(position, length):
                    continue
                return self.vocabulary.phrases[phrase], length
        return None, 1

    def _is_other(self, position: int) -> bool:
        """Whether a word that may name a table means something else here."""
        word = self.words[position]
        if word == "people":
            return self._before(position) in self.vocabulary.generic_people
        return word in self.vocabulary.technical or self._is_verb(position)

    def _is_no_table(self, position: int, length: int) -> bool:
        """Whether words in a rule are somebody's part in it, such as `the owner`, or a means, such as `by link`."""
        word = singular(self.words[position])
        is_role = word in self.vocabulary.writers | self.vocabulary.everyone
        return length == 1 and (is_role or (self._before(position) == "by" and not is_plural(self.words[position])))

    def _is_verb(self, position: int) -> bool:
        word, before, after = self.words[position], self._before(position), self._after(position)
        if singular(word) not in self.vocabulary.ambiguous:
            return False
        if is_plural(word):
            has_subject = before in self.vocabulary.before_third_person or (
                is_plural(after) and self._ends_subject(position)
            )
            return has_subject or after in self.vocabulary.after_verb
        starts_clause = before in _CLAUSE_ENDS and after not in _CLAUSE_ENDS and after not in self.vocabulary.technical
        follows_doer = before in self.vocabulary.before_verb or is_plural(before)
        is_verb = starts_clause or follows_doer or after in self.vocabulary.after_verb or is_plural(after)
        return is_verb or self._is_listed_with_verb(position)

    def _ends_subject(self, position: int) -> bool:
        """Whether a single thing stands before a word, as in `a brewery tracks`."""
        return position > 1 and self.words[position - 2] in _ARTICLES and not is_plural(self.words[position - 1])

    def _is_listed_with_verb(self, position: int) -> bool:
        """Whether a word goes on a list of verbs, as the others do in `to post, comment and rate`."""
        for at in range(position - 1, max(position - _LONGEST_CHAIN, 0), -1):
            before = self._before(at)
            if self.words[at] in self.vocabulary.ambiguous and (
                before in self.vocabulary.before_verb or is_plural(before)
            ):
                return at < position - 1
            if self.words[at] not in _LINKS | self.vocabulary.ambiguous:
                return False
        return False

    def _is_noun(self, position: int) -> bool:
        word = self.words[position]
        if (
            len(word) < _SHORTEST_NOUN
            or word.endswith(_ENDINGS)
            or self._before(position) in self.vocabulary.before_verb
        ):
            return False
        return not {word, singular(word)} & (self.vocabulary.stop_words | self.vocabulary.ambiguous)

    def _names_things(self, position: int) -> bool:
        return is_plural(self.words[position]) or self._after(position) in self.vocabulary.naming

    def _is_about(self, position: int) -> bool:
        leading = (
            word
            for word in reversed(self.words[:position])
            if word in self.vocabulary.about | self.vocabulary.listing | _CLAUSE_ENDS
        )
        return next(leading, "with") in self.vocabulary.about

    def _table(self, position: int) -> str:
        """Name a table for a noun, with the unknown one before it, as in `coffee beans`."""
        table = plural(singular(self.words[position]))
        before = self._before(position)
        is_compound = position > 0 and self._is_noun(position - 1) and not is_plural(before)
        return f"{before}_{table}" if is_compound and (singular(before),) not in self.vocabulary.phrases else table

    def _whole(self, place: int) -> str | None:
        """Name the table whose part a noun is: what stands before a `have`, or after an `of`."""
        if self._after(place) == "of":
            return self._thing(place + 2)
        leading = next(
            (at for at in range(place - 1, 0, -1) if self.words[at] in self.vocabulary.having | _CLAUSE_ENDS), 0
        )
        return self._thing(leading - 1) if leading and self.words[leading] not in _CLAUSE_ENDS else None

    def _thing(self, position: int) -> str | None:
        if position >= len(self.words):
            return None
        phrase, _ = self._phrase_at(position)
        return phrase or (self._table(position) if self._is_noun(position) else None)

    def _before(self, position: int) -> str:
        return self.words[position - 1] if position else "."

    def _after(self, position: int) -> str:
        return self.words[position + 1] if position + 1 < len(self.words) else "."
