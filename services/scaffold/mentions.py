"""How the scaffold reads a description: the tables and domains that its words mention.

There is no grammar here, only rules of thumb: known phrases first, the longest of them; then nouns, which are taken to
be the plural words, and those before `app` or `system`, that are not in the list of stop words.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from services.core.frozen import frozen
from services.scaffold.naming import is_implying, meant_by, table_name
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
_PLAIN, _ASIDE, _LIMITED = range(3)
"""What a character is a part of."""
_NOWHERE = -1

_ENDINGS = ("ing", "ly", "ed", "ness", "able", "ible", "ful", "less", "ous", "ical")


@frozen
class Mentions:
    """What a description speaks of, each in the order of first mention."""

    entities: Mapping[str, str]
    """The names of the tables that the vocabulary knows, each with the entity that it is like."""
    domains: tuple[str, ...]
    acts: tuple[str, ...]
    """Entities of the vocabulary that only verbs ask for, as `book` does for bookings."""
    actors: tuple[str, ...]
    """Those of the tables that do something by themselves, as members do in `members book classes`."""
    nouns: tuple[str, ...]
    """Names of tables, in the plural, for nouns that the vocabulary does not have."""
    served: frozenset[str]
    """Those of the nouns that people take from a list, as cakes are in `customers order cakes`."""
    wholes: Mapping[str, str]
    """For some of the nouns the table whose part they are, as shows are of episodes in `shows have episodes`."""


Places = Sequence[tuple[int, int]]
"""Of a text, by characters: where they begin and end."""


def read_mentions(description: str, *, aside: Places = (), limits: Places = ()) -> Mentions:
    """Read a text of any kind and language. Equal texts give equal mentions.

    What is `aside` names no tables but such as the vocabulary knows. There, and in the rules that shut somebody out
    (`limits`), what is like a table that is named elsewhere is that table.
    """
    lexicon = vocabulary()
    words, quiet, limited = _words(description, aside, limits)
    translated = list(_translated(description, lexicon))
    spoken_of = dict.fromkeys(known.concept for known in [*translated, *_Reader(words, lexicon, quiet).known()])
    reader = _Reader(words, lexicon.within(name for name in spoken_of if name in lexicon.domains), quiet)
    known = [*translated, *reader.known()]
    tables = _tables([one for one in known if one.concept in lexicon.entities], limited)
    nouns = list(reader.nouns(is_known=bool(known)))
    return Mentions(
        entities=tables,
        domains=tuple(dict.fromkeys(one.concept for one in known if one.concept in lexicon.domains)),
        acts=tuple(dict.fromkeys(reader.acts())),
        actors=tuple(dict.fromkeys(_table_of(actor, tables) for actor in reader.actors())),
        nouns=tuple(dict.fromkeys(noun for noun, _ in nouns)),
        served=frozenset(noun for noun in dict(nouns) if reader.is_served(noun)),
        wholes={noun: _table_of(whole, tables) for noun, whole in reversed(nouns) if whole is not None},
    )


@frozen
class _Known:
    """A phrase of the vocabulary in a description."""

    start: int
    """The number of its first word; `_NOWHERE` of what is translated."""
    length: int
    name: str
    """Of the table, in the words of the description; of a domain, its own."""
    concept: str
    is_compound: bool = False
    """Whether there is a word in the name that the vocabulary does not have."""
    is_implied: bool = False
    """Whether it names no rows of the entity that it asks for."""


def _tables(known: Sequence[_Known], limited: frozenset[int]) -> dict[str, str]:
    """Return the tables that are named, each with its concept.

    What is called by an ending of another's name is that other (`bikes`, after `mountain bikes`), and what is implied
    or `limited` by a rule is no table beside one that is like it.
    """
    tables: dict[str, str] = {}
    others: list[_Known] = []
    for one in known:
        if one.is_implied or one.start in limited:
            others.append(one)
        elif not _is_named(one, tables):
            tables[one.name] = one.concept
    for one in others:
        if one.concept not in tables.values():
            tables[one.name] = one.concept
    return tables


def _is_named(known: _Known, tables: Mapping[str, str]) -> bool:
    alike = [name for name, concept in tables.items() if concept == known.concept]
    is_longer = not known.is_compound and any(known.name.endswith(f"_{name}") for name in alike)
    return is_longer or any(name.endswith(f"_{known.name}") for name in alike)


def _table_of(name: str, tables: Mapping[str, str]) -> str:
    """Return the table that a name is about; the name, where it is one that the vocabulary does not know."""
    return name if name in tables else next(iter(meant_by(name, tables)), name)


def _words(description: str, aside: Places, limits: Places) -> tuple[list[str], frozenset[int], frozenset[int]]:
    """Lowercase ASCII words without accents, and punctuation; by number, which are aside, and which of no own table."""
    text = description[:_LONGEST_READ]
    marks = bytearray(len(text))
    for mark, places in ((_LIMITED, limits), (_ASIDE, aside)):
        for start, end in places:
            marks[start:end] = bytes([mark]) * len(marks[start:end])
    words: list[str] = []
    marked: dict[int, set[int]] = {_PLAIN: set(), _ASIDE: set(), _LIMITED: set()}
    changes = (at for at in range(1, len(text)) if marks[at] != marks[at - 1])
    for start, end in pairwise(sorted({0, len(text), *changes})):
        within = _folded(text[start:end])
        marked[marks[start]].update(range(len(words), len(words) + len(within)))
        words += within
    return words, frozenset(marked[_ASIDE]), frozenset(marked[_ASIDE] | marked[_LIMITED])


def _folded(text: str) -> list[str]:
    text = _TAG.sub(" . ", text)
    folded = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).encode("ascii", "ignore").decode().lower()
    return _WORD.findall(folded.replace("'s ", " "))


def _translated(description: str, lexicon: Vocabulary) -> Iterator[_Known]:
    text = description[:_LONGEST_READ]
    places = sorted((text.find(word), name) for word, name in lexicon.translations.items())
    return (_Known(_NOWHERE, 1, name, name) for place, name in places if place >= 0)


@frozen
class _Reader:
    words: list[str]
    vocabulary: Vocabulary
    quiet: frozenset[int]

    def known(self) -> Iterator[_Known]:
        """The entities and domains that are mentioned, repetitions included."""
        unknown: int | None = None
        for start, length, concept in self._phrases():
            if concept is not None:
                yield self._named(start, length, concept, is_after_unknown=unknown == start - 1)
            elif length == 1:
                unknown = start

    def _named(self, start: int, length: int, concept: str, *, is_after_unknown: bool) -> _Known:
        words = self.words[start : start + length]
        is_implied = is_implying(words, self.vocabulary)
        if is_implied or concept in self.vocabulary.domains:
            return _Known(start, length, concept, concept, is_implied=is_implied)
        is_compound = is_after_unknown and self._tells_which(start - 1, concept)
        words = [self.words[start - 1], *words] if is_compound else words
        return _Known(start, length, table_name(words), concept, is_compound=is_compound)

    def _tells_which(self, position: int, concept: str) -> bool:
        """Whether an unknown word says which kind is meant, as in `mountain bikes`; a verb or a quality does not."""
        word, before = self.words[position], self._before(position)
        values = (field.rules.values for field in self.vocabulary.entities[concept].fields if field.rules)
        is_quality = word in self.vocabulary.qualities or any(word in some for some in values)
        if position in self.quiet or is_quality or not self._is_noun(position) or is_plural(word) or is_plural(before):
            return False
        verbs = self.vocabulary.stop_words | self.vocabulary.ambiguous
        return before not in _LINKS or singular(self._before(position - 1)) not in verbs

    def acts(self) -> Iterator[str]:
        for position, word in enumerate(self.words):
            if word in self.vocabulary.acts and self._is_verb(position) and self._before(position) != "in":
                yield self.vocabulary.acts[word]

    def actors(self) -> Iterator[str]:
        for known in self.known():
            end = after = known.start + known.length
            while after < len(self.words) and self.words[after] in _MODALS:
                after += 1
            if self._acts(known.start, after - 1, has_modal=after > end):
                yield known.name

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
        known = {place: one.name for one in self.known() for place in range(one.start, one.start + one.length)}
        return ((self._table(place), self._whole(place, known)) for place in chosen)

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

    def _whole(self, place: int, known: Mapping[int, str]) -> str | None:
        """Name the table whose part a noun is: what stands before a `have`, or after an `of`."""
        if self._after(place) == "of":
            return self._thing(place + 2, known)
        leading = next(
            (at for at in range(place - 1, 0, -1) if self.words[at] in self.vocabulary.having | _CLAUSE_ENDS), 0
        )
        return self._thing(leading - 1, known) if leading and self.words[leading] not in _CLAUSE_ENDS else None

    def _thing(self, position: int, known: Mapping[int, str]) -> str | None:
        if position in known:
            return known[position]
        return self._table(position) if position < len(self.words) and self._is_noun(position) else None

    def _before(self, position: int) -> str:
        return self.words[position - 1] if position else "."

    def _after(self, position: int) -> str:
        return self.words[position + 1] if position + 1 < len(self.words) else "."
