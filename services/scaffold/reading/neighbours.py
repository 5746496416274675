"""What stands beside a word of which the part of speech is asked."""

from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import Final

from services.core.frozen import frozen
from services.scaffold.plurals import singular
from services.scaffold.reading.english import Word, WordClass, look_up
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.tokens import Token


class Tag(Enum):
    NOUN = "noun"
    VERB = "verb"
    PARTICIPLE = "participle"
    GERUND = "gerund"
    ADJECTIVE = "adjective"
    ADVERB = "adverb"
    DETERMINER = "determiner"
    QUANTIFIER = "quantifier"
    PREPOSITION = "preposition"
    TO = "to"
    CONJUNCTION = "conjunction"
    COMMA = "comma"
    MARK = "mark"
    MODAL = "modal"
    BE = "be"
    PRONOUN = "pronoun"
    RELATIVE = "relative"
    NOT = "not"


IN_NOUNS: Final = frozenset({Tag.DETERMINER, Tag.QUANTIFIER, Tag.ADJECTIVE})
"""What may stand in a noun phrase, before its nouns."""
_FAR: Final = 8
"""Words back to what another belongs to."""
_SINGLE: Final = frozenset({"a", "an", "each", "every", "one", "another"})
_OURS: Final = _SINGLE | {"the", "our", "my", "this"}
_SUBJECTS: Final = frozenset({"who", "that", "which"})
_OBJECTS: Final = frozenset({"them", "us", "me", "him"})


@cache
def closed_words() -> dict[str, Tag]:
    """Return the words that are of one part of speech wherever they stand."""
    words = grammar()
    kinds = (
        (words.prepositions, Tag.PREPOSITION),
        (words.pronouns - {"people"}, Tag.PRONOUN),
        (words.quantifiers, Tag.QUANTIFIER),
        (words.determiners, Tag.DETERMINER),
        (words.relatives, Tag.RELATIVE),
        (words.modals, Tag.MODAL),
        (words.conjunctions, Tag.CONJUNCTION),
        (words.adverbs, Tag.ADVERB),
        (words.being, Tag.BE),
        (words.possessing, Tag.VERB),
        (words.negations, Tag.NOT),
    )
    return {word: tag for group, tag in kinds for word in group}


@frozen
class Neighbours:
    """The tokens of a sentence, and the tags of those that have been read."""

    tokens: Sequence[Token]
    tags: list[Tag]

    def text(self, at: int) -> str:
        return self.tokens[at].word if 0 <= at < len(self.tokens) else "."

    def word(self, at: int) -> Word | None:
        return look_up(self.tokens[at].word) if 0 <= at < len(self.tokens) and self.tokens[at].is_word else None

    def before(self, at: int) -> Tag | None:
        """Return the tag before a position, adverbs aside."""
        place = at - 1
        while place > max(0, at - _FAR) and self.tags[place] is Tag.ADVERB:
            place -= 1
        return self.tags[place] if place >= 0 else None

    def is_closed(self, at: int) -> bool:
        return self.text(at) in closed_words() or self.text(at) == "to"

    def is_article(self, at: int) -> bool:
        """Return whether a determiner or a quantity opens a noun phrase."""
        return closed_words().get(self.text(at)) in {Tag.DETERMINER, Tag.QUANTIFIER}

    def is_noun(self, at: int) -> bool:
        word = self.word(at)
        return word is not None and not self.is_closed(at) and word.may_be(WordClass.NOUN)

    def is_open(self, at: int) -> bool:
        """Return whether a word is a noun, a verb or an adjective, whichever."""
        word = self.word(at)
        return word is not None and not self.is_closed(at) and not word.is_adverb

    def is_plural(self, at: int) -> bool:
        word = self.word(at)
        return word is not None and word.is_plural and not self.is_closed(at)

    def may_be_verb(self, at: int) -> bool:
        word = self.word(at)
        is_auxiliary = closed_words().get(self.text(at)) in {Tag.MODAL, Tag.BE, Tag.VERB}
        return is_auxiliary or (word is not None and word.may_be(WordClass.VERB))

    def opens_noun(self, at: int) -> bool:
        """Return whether a noun phrase begins at a position."""
        word = self.word(at)
        if word is None or self.is_article(at):
            return word is not None
        return not self.is_closed(at) and (word.may_be(WordClass.NOUN) or word.may_be(WordClass.ADJECTIVE))

    def may_open_noun(self, at: int) -> bool:
        """Return whether a noun phrase begins at a position, or may do so behind the word there, a preposition."""
        kind = Tag.PREPOSITION if self.text(at) == "to" else closed_words().get(self.text(at))
        return self.opens_noun(at) or kind in {Tag.PREPOSITION, Tag.PRONOUN}

    def follows_plural(self, at: int) -> bool:
        """Return whether a noun in the plural stands before, of which something may be said."""
        place = at - 1
        while place > max(0, at - _FAR) and self.tags[place] is Tag.ADVERB:
            place -= 1
        if self.before(at) is not Tag.NOUN or self.tokens[place].is_possessive:
            return False
        noun = self.text(place)
        return noun in grammar().people or (ends_plural(noun) and noun not in grammar().plural_modifiers)

    def follows_people(self, at: int) -> bool:
        """Return whether the word before may mean people, as far as it says: members, and not problems."""
        words, noun = grammar(), singular(self.text(at - 1))
        is_thing = noun in words.no_persons or noun.endswith(words.thing_endings)
        may_be = noun in words.persons or self.text(at - 1) in words.people or noun.endswith(words.person_endings)
        return may_be and not is_thing

    def follows_subject(self, at: int) -> bool:
        """Return whether `who`, `that`, `which` or a pronoun stands before, of which a verb says something."""
        before, word = self.before(at), self.text(at - 1)
        return (before is Tag.RELATIVE and word in _SUBJECTS) or (before is Tag.PRONOUN and word not in _OBJECTS)

    def follows_single(self, at: int, *, is_sure: bool) -> bool:
        """Return whether a single thing stands before: `each hive`; before a sure object, also `the museum`."""
        place = at - 1
        while place >= max(0, at - _FAR) and self.tags[place] in {Tag.NOUN, Tag.ADJECTIVE}:
            place -= 1
        return place >= 0 and place < at - 1 and self.text(place) in (_OURS if is_sure else _SINGLE)


def ends_plural(noun: str) -> bool:
    """Return whether a noun is a plural with which a name ends; `media` is the first word of one as often."""
    return look_up(noun).is_plural and (noun.endswith("s") or noun in {"children", "men", "women"})
