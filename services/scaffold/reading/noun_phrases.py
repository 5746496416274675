"""What a noun phrase is in its clause: the app, the subject, or on a list of what something has or does."""

from dataclasses import replace
from typing import Final

from services.scaffold.reading.choices import choice_behind
from services.scaffold.reading.clause import Clause, Mode
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.line import FINITE, JOINTS
from services.scaffold.reading.nouns import describes, is_many, is_person, is_quality, is_single, words_in_number
from services.scaffold.reading.phrases import Kind, Phrase
from services.scaffold.reading.sayings import Link, Saying

_TELLING: Final = frozenset({"with", "including", "of"})
_OPEN_ENDS: Final = frozenset({"from", "until", "to"})


def read_noun(clause: Clause, at: int) -> int:
    """Read the noun phrase at a position; return the position behind what is read."""
    line, phrase = clause.line, clause.line.at(at)
    if _is_topic(clause, at) or _is_asked_for(clause, phrase):
        clause.head = clause.last = phrase
        clause.is_about_app = True
        clause.apps.append(phrase)
        return _behind_app(clause, at)
    if phrase.is_possessive and line.is_noun(at + 1):
        clause.say(Saying(Link.HAS, line.at(at + 1), phrase))
    if _is_subject(clause, at):
        return _begin(clause, at)
    if (
        line.kind(at - 1) in JOINTS
        and is_many(line.at(at + 1))
        and clause.base.link is not None
        and clause.base.holders
    ):
        link = clause.base.link
        clause.begin((phrase,), is_about_app=False)
        clause.go_on(Mode(link, (phrase,)))
        return at + 1
    merged, end = _merged(clause, at)
    if clause.is_app(phrase) and clause.mode.link in {Link.KEPT, None}:
        clause.head = clause.last = phrase
        clause.is_about_app = True
        return end
    return clause.attach(merged, end)


def _is_topic(clause: Clause, at: int) -> bool:
    """Whether a noun phrase is what the app is about, at the beginning of a text: `rowing club with members`."""
    line = clause.line
    is_somebodys = line.at(at).is_possessive and is_person(line.at(at).word)
    if not clause.is_first or at > 1 or clause.sayings or is_somebodys or _is_subject(clause, at):
        return False
    colon = line.find(Kind.COLON)
    if colon is not None and not line.has(FINITE, end=colon):
        return not describes(line, colon) or not any(map(is_quality, line.nouns(colon)))
    if line.at(at).is_plural or is_many(line.at(at)):
        return False
    return line.kind(at + 1) not in JOINTS or line.has(FINITE)


def _behind_app(clause: Clause, at: int) -> int:
    """Return the position of what is to be read next: a title tells no more than what the app has or is of."""
    line = clause.line
    colon = line.find(Kind.COLON, at)
    if colon is None or line.has(FINITE, end=colon) or line.word(at + 1) in _TELLING:
        return at + 1
    return colon


def _is_asked_for(clause: Clause, phrase: Phrase) -> bool:
    """Whether it is the app that is to be made: `build me a farm record book`."""
    is_beginning = clause.is_first and not clause.sayings and clause.verb in grammar().building
    return is_beginning and clause.mode.link is Link.KEPT and is_single(phrase)


def _is_subject(clause: Clause, at: int) -> bool:
    line = clause.line
    follows_preposition = clause.mode.is_alone and line.kind(at - 1) is Kind.PREPOSITION
    if line.begins_clause(at) and not follows_preposition:
        return True
    return line.kind(at + 1) is Kind.VERB and not clause.mode.is_alone


def _begin(clause: Clause, at: int) -> int:
    """Begin a clause with its subjects; return the position behind them."""
    line, phrase = clause.line, clause.line.at(at)
    end = line.after_list(at) if line.kind(line.after_list(at)) in FINITE else at + 1
    subjects = [one for one in line.phrases[at:end] if one.kind is Kind.NOUN]
    is_anyone = phrase.word == "person" and line.word(at - 1) in grammar().letting
    is_institution = clause.is_first and not clause.is_said_of(phrase) and _is_institution(clause, at)
    owners = clause.subjects or clause.topic
    if clause.is_app(phrase) and len(subjects) > 1:
        subjects = subjects[1:]
    clause.begin(subjects, is_about_app=clause.is_app(subjects[0]) or is_institution or is_anyone)
    if phrase.word in grammar().attributes and not phrase.is_plural and not clause.is_said_of(phrase):
        is_owned = not {"its", "their", "his", "her"}.isdisjoint(phrase.articles) or not phrase.articles
        for owner in owners if is_owned and line.word(at - 1) != "whose" else ():
            clause.say(Saying(Link.HAS, phrase, owner, is_quality=True))
    return end


def _is_institution(clause: Clause, at: int) -> bool:
    """Whether a single thing, at the beginning, does what the app is for: `a zoo keeps animals`."""
    phrase = clause.line.at(at)
    if phrase.is_plural or at > 1 or is_person(phrase.word) or not {"each", "every", "one"}.isdisjoint(phrase.articles):
        return False
    verb = next((one for one in clause.line.phrases[at:] if one.kind in FINITE), None)
    return verb is not None and verb.kind is Kind.VERB and verb.word in grammar().running


def _merged(clause: Clause, at: int) -> tuple[Phrase, int]:
    """Return a noun phrase with what makes one name with it: `number of credits`, `date of birth`, `hours worked`."""
    line, phrase, is_listed = clause.line, clause.line.at(at), clause.mode.link is Link.HAS
    if line.word(at + 1) == "of" and line.is_noun(at + 2) and not choice_behind(line, at + 1)[0]:
        return _of(phrase, line.at(at + 2), at, is_listed=is_listed)
    if phrase.word == "yes" and line.word(at + 2) == "no" and phrase.text != "yes":
        return replace(phrase, word="flag", nouns=(*phrase.qualities, *phrase.nouns[:-1]), qualities=()), at + 3
    if is_listed and line.word(at + 1) == "per" and line.is_noun(at + 2) and phrase.word in grammar().attributes:
        return replace(phrase, nouns=(*phrase.nouns, "per", *line.at(at + 2).nouns)), at + 3
    is_open_end = line.word(at + 1) in _OPEN_ENDS and line.kind(at + 2) not in {Kind.NOUN, Kind.NUMBER}
    if is_listed and is_open_end:
        return replace(phrase, nouns=(*phrase.nouns, line.word(at + 1))), at + 2
    if is_listed and line.kind(at + 1) is Kind.PASSIVE and line.kind(at + 2) is not Kind.PREPOSITION:
        return replace(phrase, nouns=(*phrase.nouns, *line.at(at + 1).qualities)), at + 2
    return phrase, at + 1


def _of(phrase: Phrase, other: Phrase, at: int, *, is_listed: bool) -> tuple[Phrase, int]:
    if phrase.is_plural and phrase.articles:
        return phrase, at + 1
    if phrase.word in grammar().counts:
        nouns = ("number", "of", *other.qualities, *words_in_number(other))
        return replace(phrase, word="count", nouns=nouns, qualities=()), at + 3
    if phrase.word in grammar().measures and not phrase.is_plural:
        return replace(other, articles=(*phrase.articles, *other.articles)), at + 3
    if is_listed and phrase.word in grammar().attributes and not phrase.is_plural and not other.is_plural:
        return replace(phrase, nouns=(*phrase.nouns, "of", *other.nouns)), at + 3
    return phrase, at + 1
