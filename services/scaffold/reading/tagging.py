"""Which part of speech each word of a sentence is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.scaffold.reading.english import Word, WordClass
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.neighbours import IN_NOUNS, Neighbours, Tag, closed_words
from services.scaffold.reading.tokens import Token
from services.scaffold.reading.verb_forms import gerund_or_noun, is_infinitive, is_past, is_verb, past_form

_PUNCTUATION: Final = {",": Tag.COMMA, "/": Tag.COMMA, "&": Tag.CONJUNCTION}
_AFTER_VERBS: Final = frozenset({Tag.VERB, Tag.PARTICIPLE, Tag.GERUND})
_BEFORE_VERBS: Final = frozenset({Tag.MODAL, Tag.TO, Tag.NOT})
_GATHERING: Final = frozenset({"lots", "lot", "couple", "plenty", "dozens"})


def tag(tokens: Sequence[Token]) -> list[Tag]:
    """Return the part of speech of each token of a sentence."""
    sentence = Neighbours(tokens, [])
    for at in range(len(tokens)):
        sentence.tags.append(_special(sentence, at) or _closed(sentence, at) or _open(sentence, at))
    return sentence.tags


def _special(sentence: Neighbours, at: int) -> Tag | None:
    """Return what a word is in company that makes it other than it usually is."""
    text, before = sentence.text(at), sentence.before(at)
    if text in _SPECIAL and (kind := _SPECIAL[text](sentence, at)) is not None:
        return kind
    if text in grammar().particles and (before in _AFTER_VERBS or not (before in IN_NOUNS or _closed(sentence, at))):
        return Tag.ADVERB
    is_done_by = text not in closed_words() and sentence.text(at + 1) == "by"
    return Tag.PARTICIPLE if before is Tag.BE and (text in grammar().unchanged or is_done_by) else None


def _to(sentence: Neighbours, at: int) -> Tag:
    return Tag.TO if is_infinitive(sentence, at) else Tag.PREPOSITION


def _of(sentence: Neighbours, at: int) -> Tag | None:
    return Tag.QUANTIFIER if sentence.text(at - 1) in _GATHERING else None


def _lots(sentence: Neighbours, at: int) -> Tag:
    return Tag.QUANTIFIER if sentence.text(at + 1) == "of" else Tag.NOUN


def _of_verb(sentence: Neighbours, at: int) -> Tag | None:
    """Return an adverb for what is a part of the verb before it: `fill in`, `take on`, `care for`."""
    verbs: frozenset[str] = getattr(grammar(), f"verbs_with_{sentence.text(at)}")
    is_verbs = sentence.before(at) in _AFTER_VERBS and _verb_before(sentence, at) in verbs
    return Tag.ADVERB if is_verbs else None


def _taken(sentence: Neighbours, at: int) -> Tag | None:
    """Return an adverb in `takes place`, `takes part` and `takes care`."""
    return Tag.ADVERB if sentence.before(at) is Tag.VERB and _verb_before(sentence, at) == "take" else None


def _maybe(sentence: Neighbours, at: int) -> Tag:
    return Tag.ADVERB if sentence.may_open_noun(at + 1) or sentence.text(at + 1) == "to" else Tag.NOUN


def _that(sentence: Neighbours, at: int) -> Tag | None:
    return Tag.DETERMINER if sentence.before(at) in {Tag.PREPOSITION, Tag.VERB} else None


def _get(sentence: Neighbours, at: int) -> Tag | None:
    return Tag.BE if _is_participle(sentence, at + 1) else None


def _about(sentence: Neighbours, at: int) -> Tag | None:
    """Return an adverb in `about forty singers`."""
    is_number = at + 1 < len(sentence.tokens) and sentence.tokens[at + 1].is_number
    return Tag.ADVERB if is_number or closed_words().get(sentence.text(at + 1)) is Tag.QUANTIFIER else None


def _such(sentence: Neighbours, at: int) -> Tag:
    return Tag.ADVERB if sentence.text(at + 1) == "as" else Tag.DETERMINER


def _have(sentence: Neighbours, at: int) -> Tag | None:
    """Return an auxiliary in `after they have attended a training`."""
    behind = closed_words().get(sentence.text(at + 2))
    goes_on = behind in {Tag.DETERMINER, Tag.PREPOSITION, Tag.PRONOUN}
    return Tag.MODAL if goes_on and _is_participle(sentence, at + 1) else None


def _own(sentence: Neighbours, at: int) -> Tag:
    return Tag.QUANTIFIER if sentence.before(at) is Tag.DETERMINER else Tag.VERB


def _like(sentence: Neighbours, at: int) -> Tag:
    is_done = sentence.before(at) is Tag.MODAL or (sentence.follows_plural(at) and sentence.follows_people(at))
    return Tag.VERB if is_done else Tag.PREPOSITION


_SPECIAL: Final[Mapping[str, Callable[[Neighbours, int], Tag | None]]] = {
    "to": _to,
    "of": _of,
    **dict.fromkeys(("lot", "lots"), _lots),
    **dict.fromkeys(("in", "on", "for"), _of_verb),
    "place": _taken,
    "part": _taken,
    "care": _taken,
    "maybe": _maybe,
    "that": _that,
    "get": _get,
    "gets": _get,
    "about": _about,
    "around": _about,
    "such": _such,
    "have": _have,
    "has": _have,
    "had": _have,
    "own": _own,
    "like": _like,
}


def _is_participle(sentence: Neighbours, at: int) -> bool:
    word = sentence.word(at)
    return word is not None and word.may_be(WordClass.VERB) and is_past(sentence.text(at), word)


def _verb_before(sentence: Neighbours, at: int) -> str | None:
    word = sentence.word(at - 1)
    return word.verb if word is not None else None


def _closed(sentence: Neighbours, at: int) -> Tag | None:
    token = sentence.tokens[at]
    if not token.is_word:
        return Tag.QUANTIFIER if token.is_number else _PUNCTUATION.get(token.word, Tag.MARK)
    kind = closed_words().get(token.word)
    if kind in {Tag.PREPOSITION, Tag.MODAL} and sentence.text(at - 1) in {"a", "an", "the"}:
        return Tag.NOUN if sentence.may_be_verb(at + 1) or kind is Tag.MODAL else kind
    if kind is None and token.word in grammar().units and sentence.before(at) is Tag.PREPOSITION:
        return Tag.NOUN
    return kind


def _open(sentence: Neighbours, at: int) -> Tag:
    text, before, word = sentence.text(at), sentence.before(at), sentence.word(at)
    assert word is not None  # what is no word is closed  # noqa: S101
    if word.may_be(WordClass.VERB):
        is_ing = text.endswith("ing") and word.verb != text
        if before in _BEFORE_VERBS or (sentence.follows_subject(at) and not is_ing):
            return Tag.VERB
        is_named = word.may_be(WordClass.NOUN) or text.endswith("s")
        if before in IN_NOUNS and is_named and not sentence.is_noun(at + 1):
            return Tag.NOUN
        if is_ing:
            return gerund_or_noun(sentence, at, word)
        if is_past(text, word):
            return past_form(sentence, at, word)
        if is_verb(sentence, at, word):
            return Tag.VERB
    return _noun_or_adjective(sentence, at, word)


def _noun_or_adjective(sentence: Neighbours, at: int, word: Word) -> Tag:
    before = sentence.before(at)
    if not word.is_known and _may_be_unknown_verb(sentence, at):
        return Tag.VERB
    if word.may_be(WordClass.ADJECTIVE):
        if before is Tag.DETERMINER and not sentence.is_open(at + 1):
            return Tag.NOUN
        if _is_adjective(sentence, at, word) or not word.may_be(WordClass.NOUN):
            return Tag.ADJECTIVE
    if word.may_be(WordClass.NOUN) or (word.classes is WordClass.VERB and before in IN_NOUNS | {Tag.PREPOSITION}):
        return Tag.NOUN
    return Tag.ADVERB if word.may_be(WordClass.ADVERB) else Tag.VERB


def _may_be_unknown_verb(sentence: Neighbours, at: int) -> bool:
    """Whether what no lexicon has stands where a verb does: `candidates aply to openings`."""
    if sentence.follows_plural(at) and not sentence.text(at).endswith("s"):
        return sentence.is_article(at + 1) or sentence.text(at + 1) == "to"
    is_single = sentence.before(at) is Tag.NOUN and sentence.follows_single(at, is_sure=True)
    return is_single and sentence.text(at).endswith("s") and (sentence.is_article(at + 1) or sentence.is_plural(at + 1))


def _is_adjective(sentence: Neighbours, at: int, word: Word) -> bool:
    """Whether a word tells more of the noun that follows, and is no part of its name; or stands alone, as `paid`."""
    if not sentence.is_noun(at + 1):
        return not word.may_be(WordClass.NOUN) and (sentence.word(at + 1) is None or sentence.is_closed(at + 1))
    return not word.may_be(WordClass.NOUN) or sentence.text(at) in grammar().plain
