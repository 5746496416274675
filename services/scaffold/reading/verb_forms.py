"""Whether a word that may be a verb is one where it stands: `book` in `members book classes`, and not in `a book`."""

from typing import Final

from services.scaffold.plurals import singular
from services.scaffold.reading.english import Word, WordClass
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.neighbours import IN_NOUNS, Neighbours, Tag, closed_words
from services.scaffold.vocabulary import vocabulary

_FAR: Final = 60
"""Words back to a verb that what follows may go on with."""
_JOINTS: Final = frozenset({Tag.COMMA, Tag.CONJUNCTION})
_VERBS: Final = frozenset({Tag.VERB, Tag.GERUND, Tag.MODAL, Tag.BE})
_BEFORE_GERUNDS: Final = frozenset({"for", "by", "of", "in", "about", "from", "before", "after"})
_ROLES: Final = frozenset({"role", "roles"})
_LISTED: Final = frozenset({",", "and", "or"})
_OPENING: Final = frozenset({Tag.DETERMINER, Tag.PREPOSITION})
"""Before roles that are listed: `with the roles captain and sailor`."""
_PREPOSITIONS: Final = frozenset({Tag.PREPOSITION})
_OF_SOMETHING: Final = frozenset(
    {"consist", "think", "speak", "dispose", "approve", "tell", "hear", "know", "complain"}
)
"""Before `of`, others are nouns: `shifts of a crew member`."""


def is_infinitive(sentence: Neighbours, at: int) -> bool:
    """Return whether a verb stands behind `to`: in `to track hives`, and not in `depth to water`."""
    word, before = sentence.word(at + 1), sentence.word(at - 1)
    if before is not None and before.verb in grammar().assigning | grammar().belonging:
        return False
    if word is None or word.verb != sentence.text(at + 1) or word.is_plural:
        return False
    is_often = sentence.text(at + 1) in grammar().often_verbs
    if word.may_be(WordClass.ADJECTIVE) and not is_often:
        return False
    is_sure = not word.may_be(WordClass.NOUN) or is_often
    return is_sure or sentence.before(at) is not Tag.NOUN or sentence.opens_noun(at + 2)


def is_verb(sentence: Neighbours, at: int, word: Word) -> bool:
    """Return whether a word in the present is a verb."""
    return _is_base(sentence, at, word) or _is_third_person(sentence, at, word)


def _is_base(sentence: Neighbours, at: int, word: Word) -> bool:
    before = sentence.before(at)
    if word.verb != sentence.text(at) or word.is_plural or before in IN_NOUNS | _PREPOSITIONS:
        return False
    if sentence.text(at - 1) in _ROLES and sentence.text(at + 1) in _LISTED and sentence.before(at - 1) in _OPENING:
        return False
    if before is None and word.may_be(WordClass.ADJECTIVE) and _leads_to_clause(sentence, at):
        return False
    if not word.may_be(WordClass.NOUN) or sentence.follows_plural(at) or _has_particle(sentence, at):
        return True
    if before is None or sentence.text(at - 1) == ":":
        return _begins_sentence(sentence, at)
    follows_verb = before in _JOINTS and sentence.tags[at - 2 : at - 1] == [Tag.VERB]
    is_listed = before in _JOINTS and not _VERBS.isdisjoint(sentence.tags[-_FAR:])
    is_often = follows_verb and sentence.text(at) in grammar().often_verbs
    return is_often or (is_listed and _has_object(sentence, at, is_listed=True))


def _has_particle(sentence: Neighbours, at: int) -> bool:
    """Whether a noun before and a particle behind make a verb of a word: `members take out loans`."""
    is_particle = sentence.before(at) is Tag.NOUN and sentence.text(at + 1) in grammar().particles
    return is_particle and sentence.opens_noun(at + 2)


def _leads_to_clause(sentence: Neighbours, at: int) -> bool:
    """Whether a noun in the plural follows that has a verb of its own: `foster carers take in animals`."""
    return sentence.is_plural(at + 1) and sentence.may_be_verb(at + 2)


def _begins_sentence(sentence: Neighbours, at: int) -> bool:
    """Whether a sentence begins with what is to be done (`track hives`), and with no subject (`track records show`)."""
    is_kept = sentence.text(at) in grammar().keeping and sentence.is_noun(at + 1) and sentence.is_plural(at + 2)
    return is_kept or _has_object(sentence, at)


def _has_object(sentence: Neighbours, at: int, *, is_listed: bool = False) -> bool:
    text = sentence.text(at)
    if sentence.is_article(at + 1) or sentence.text(at + 1) in {"them", "it", "me", "us"}:
        return True
    if sentence.is_plural(at + 1) and sentence.may_be_verb(at + 2) and not sentence.is_noun(at + 2):
        return False
    if is_listed and text in grammar().verbs_in_lists:
        leads = closed_words().get(sentence.text(at + 1)) is Tag.PREPOSITION or sentence.text(at + 1) == "to"
        return leads or sentence.is_plural(at + 1) or (sentence.is_noun(at + 1) and sentence.is_plural(at + 2))
    is_done = text in grammar().often_verbs or (is_listed and _is_done_to_known(sentence, at))
    return sentence.is_plural(at + 1) and is_done


def _is_done_to_known(sentence: Neighbours, at: int) -> bool:
    """Whether it is what people do with what the vocabulary knows by the next word alone: `attend concerts`."""
    verb, thing = sentence.text(at), singular(sentence.text(at + 1))
    phrases = vocabulary().phrases
    return verb in grammar().sharing and (thing,) in phrases and (verb, thing) not in phrases


def _is_third_person(sentence: Neighbours, at: int, word: Word) -> bool:
    text, before = sentence.text(at), sentence.before(at)
    if not text.endswith("s") or word.verb in {text, None}:
        return False
    if not word.may_be(WordClass.NOUN):
        return True
    follows = closed_words().get(sentence.text(at + 1))
    is_article = follows in {Tag.DETERMINER, Tag.QUANTIFIER}
    if before in _JOINTS:
        is_of = sentence.text(at + 1) == "of" and word.verb not in _OF_SOMETHING
        goes_on = (
            is_article or (follows is Tag.PREPOSITION and not is_of) or sentence.text(at + 1) in grammar().behind_verbs
        )
        has_things = sentence.is_plural(at + 1) or (sentence.is_open(at + 1) and sentence.is_plural(at + 2))
        is_last = before is Tag.CONJUNCTION and has_things
        keeps = before is Tag.CONJUNCTION and word.verb in grammar().keeping and sentence.opens_noun(at + 1)
        is_said = goes_on or is_last or keeps
        return (is_article or not _is_in_list(sentence)) and is_said and _speaks_of_single(sentence)
    if before is not Tag.NOUN or sentence.is_plural(at - 1):
        return False
    is_first = sentence.tags[0] is Tag.DETERMINER and at < _FAR and set(sentence.tags[1:]) <= {Tag.NOUN, Tag.ADJECTIVE}
    is_often = word.verb in grammar().often_verbs | grammar().verbs_in_lists and follows is Tag.PREPOSITION
    leads = follows is Tag.PREPOSITION and sentence.text(at + 1) != "of"
    is_sure = is_article or is_often or (is_first and (leads or sentence.is_plural(at + 1)))
    return sentence.follows_single(at, is_sure=is_sure) and sentence.may_open_noun(at + 1)


def _is_in_list(sentence: Neighbours) -> bool:
    """Whether nouns are listed behind the verb before: `lends books to members, with reservations and fines`."""
    end = len(sentence.tags)
    back = range(end - 1, max(-1, end - 1 - _FAR), -1)
    verb = next((at for at in back if sentence.tags[at] in {Tag.VERB, Tag.BE}), end)
    return any(token.word == "with" for token in sentence.tokens[verb:end])


def _speaks_of_single(sentence: Neighbours) -> bool:
    """Whether the verb before is one of a single thing: `has`, `belongs`, `is`."""
    start = max(0, len(sentence.tags) - _FAR)
    pairs = zip(sentence.tokens[start:], sentence.tags[start:], strict=False)
    verbs = [token.word for token, kind in pairs if kind in {Tag.VERB, Tag.BE}]
    return bool(verbs) and verbs[-1].endswith("s")


def gerund_or_noun(sentence: Neighbours, at: int, word: Word) -> Tag:
    """Return what a word in `-ing` is: a gerund with its object (`for tracking hives`), or a part of a name."""
    before, may_be_noun = sentence.before(at), word.may_be(WordClass.NOUN)
    leads = sentence.is_noun(at + 1)
    is_plural = sentence.is_plural(at + 1) or (leads and sentence.is_plural(at + 2))
    if before is None and word.verb in grammar().keeping - grammar().building and is_plural:
        return Tag.GERUND
    is_listed = before is Tag.COMMA and sentence.may_be_verb(at + 2)
    is_first = before in {None, Tag.MARK} or is_listed
    if before in IN_NOUNS or (leads and (is_first or not _may_be_gerund(sentence, at))):
        return _part_of_name(sentence, at)
    if sentence.follows_plural(at) and closed_words().get(sentence.text(at + 1)) is Tag.PREPOSITION:
        return Tag.PARTICIPLE
    if may_be_noun and (leads or before is Tag.NOUN or not sentence.may_open_noun(at + 1)):
        return Tag.NOUN
    return Tag.GERUND if sentence.opens_noun(at + 1) else Tag.NOUN


def _part_of_name(sentence: Neighbours, at: int) -> Tag:
    return Tag.ADJECTIVE if sentence.text(at) in grammar().plain else Tag.NOUN


def _may_be_gerund(sentence: Neighbours, at: int) -> bool:
    before = sentence.before(at)
    goes_on = before in _JOINTS and Tag.GERUND in sentence.tags[-_FAR:]
    is_asked_for = at > 1 and sentence.tags[at - 2] is Tag.VERB
    follows = before is Tag.PREPOSITION and sentence.text(at - 1) in _BEFORE_GERUNDS and not is_asked_for
    return goes_on or follows or before in {None, Tag.MARK, Tag.NOUN, Tag.RELATIVE}


def is_past(text: str, word: Word) -> bool:
    return text.endswith("ed") or (word.verb not in {None, text} and text in grammar().participles)


def past_form(sentence: Neighbours, at: int, word: Word) -> Tag:
    """Return what a word in the past is: what is done to something, or what something is like."""
    before = sentence.before(at)
    if before is Tag.BE:
        return Tag.PARTICIPLE
    if before is Tag.NOUN:
        return Tag.VERB if sentence.opens_noun(at + 1) else Tag.PARTICIPLE
    if sentence.is_noun(at + 1) or word.may_be(WordClass.ADJECTIVE):
        return Tag.ADJECTIVE
    return Tag.PARTICIPLE
