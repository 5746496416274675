"""What prepositions, pronouns, joints and marks make of the noun phrases that follow them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.scaffold.reading.choices import choice_behind
from services.scaffold.reading.clause import IGNORED_ONCE, KEPT, Clause, Mode
from services.scaffold.reading.joining import after_roles
from services.scaffold.reading.line import FINITE, JOINTS, Line
from services.scaffold.reading.nouns import describes, is_known, is_person, is_plain_quality, is_quality, is_single
from services.scaffold.reading.phrases import Kind, Phrase
from services.scaffold.reading.sayings import Link, Saying

_OURS: Final = frozenset({"i", "we", "us", "me"})
_SELF: Final = frozenset(
    ["i", "we", "you", "us", "me", "someone", "somebody", "everyone", "everybody", "anyone", "anybody"]
)
_FRAMES: Final = frozenset({"for", "in", "during", "per", "at", "on", "within", "under"})
_WITH: Final = frozenset({"with", "including", "plus"})
_COMPARING: Final = frozenset({"like", "such", "as", "than", "without", "via", "according", "based"})
_OBJECTS: Final = frozenset({"that", "which", "whom"})
_EACH: Final = frozenset({"each", "every", "both", "all"})
_STATUS: Final = Phrase(Kind.NOUN, "status", nouns=("status",))


def read_preposition(clause: Clause, at: int) -> int:
    """Read the preposition at a position; return the position of what it leads to."""
    line, word, last = clause.line, clause.line.word(at), clause.last
    if _is_frame(clause, at):
        framed = line.at(at + 1)
        is_ours = not {"our", "my"}.isdisjoint(framed.articles)
        clause.frame = None if is_ours or clause.is_app(framed) else framed
        return at + 2
    end = after_roles(clause, at) or _after_examples(line, at)
    if end is not None:
        return end
    if word in _WITH:
        return _with(clause, at)
    if clause.ellipsis is not None and word == clause.ellipsis[0] and line.kind(at - 1) in JOINTS and clause.holders:
        clause.go_on(Mode(clause.ellipsis[1], clause.holders))
        return at + 1
    if word == "for" and line.is_noun(at + 1) and line.kind(at + 2) is Kind.VERB and line.at(at + 2).can:
        return at + 1
    clause.mode = _behind(clause, at, word, last)
    return at + 1


def _after_examples(line: Line, at: int) -> int | None:
    """Return the position behind what is named as examples: `in a category such as groceries, childcare or repairs`."""
    is_such = line.word(at) == "like" or (line.word(at) == "as" and line.word(at - 1) == "such")
    if not is_such or not line.is_noun(at + 1):
        return None
    end = at + 2
    while line.kind(end) in JOINTS:
        place = line.skip(end, JOINTS)
        if not line.is_noun(place) or line.at(place).articles or line.begins_clause(place):
            break
        end = place + 1
    return end


def _behind(clause: Clause, at: int, word: str, last: Phrase | None) -> Mode:
    """Return what the noun phrase behind a preposition is to that before it."""
    is_detail = last is not None and is_quality(last) and clause.mode.link is Link.HAS
    if is_detail and clause.head is not None and not {"each", "every"}.isdisjoint(clause.line.at(at + 1).articles):
        return Mode(Link.UNDER, (clause.head,), is_alone=True)
    if last is None or is_detail or clause.mode.link is None or word in _COMPARING:
        return IGNORED_ONCE
    if clause.line.word(at - 1) in _EACH:
        return Mode(Link.UNDER, (clause.head or last,), is_alone=True)
    if clause.is_app(last):
        return KEPT if _lists_things(clause, at, word) else IGNORED_ONCE
    holder = clause.head if word != "of" and clause.head is not None else last
    return Mode(Link.UNDER, (holder,), is_alone=True)


def _lists_things(clause: Clause, at: int, word: str) -> bool:
    """Whether the app keeps what stands behind it, and is not for it: `app for routes, stops and trips`."""
    phrase, behind = clause.line.at(at + 1), clause.line.kind(at + 2)
    is_list = behind in {*JOINTS, Kind.END} and not is_person(phrase.word)
    return phrase.is_plural and (word == "of" or (word in {"for", "on", "about"} and is_list))


def _is_frame(clause: Clause, at: int) -> bool:
    """Whether a clause begins with what it is said of: `for every patient the nurse writes a handover`."""
    line = clause.line
    is_of_each = line.word(at) == "of" and not {"each", "every"}.isdisjoint(line.at(at + 1).articles)
    if not (line.word(at) in _FRAMES or is_of_each) or not line.is_noun(at + 1):
        return False
    is_start = at == 0 or line.kind(at - 1) in {*JOINTS, Kind.COLON}
    behind = at + 2 + (line.kind(at + 2) is Kind.COMMA)
    has_subject = line.is_noun(behind) and line.kind(line.after_nouns(behind)) in FINITE
    return is_start and (has_subject or line.kind(behind) is Kind.PRONOUN)


def _with(clause: Clause, at: int) -> int:
    head = clause.head or (clause.subjects[0] if clause.subjects else None)
    if head is not None and _is_companion(clause, at + 1):
        clause.mode = Mode(Link.UNDER, (head,), is_alone=True)
        return at + 1
    if clause.line.word(at - 1) in _EACH and len(clause.listed) > 1:
        clause.go_on(Mode(Link.HAS, clause.listed))
        return at + 1
    is_place = at <= 1 and clause.is_first and head is not None and not head.is_plural
    clause.go_on(KEPT if head is None or is_place or clause.is_app(head) else Mode(Link.HAS, (head,)))
    return at + 1


def _is_companion(clause: Clause, at: int) -> bool:
    """Whether something is done or had with a thing, which is no part of it: `appointments with a dentist`."""
    line, phrase = clause.line, clause.line.at(at)
    is_told = phrase.kind is not Kind.NOUN or is_quality(phrase) or "optional" in phrase.qualities
    if is_told or line.kind(at + 1) is Kind.COMMA or line.word(at + 1) == "of":
        return False
    if clause.is_passive:
        return is_single(phrase) or (phrase.is_plural and line.kind(at - 2) is Kind.PASSIVE)
    is_listed = clause.base.link in {Link.DOES, Link.SHARES, Link.HAS}
    return is_listed and is_single(phrase) and (is_person(phrase.word) or is_known(phrase))


def read_relative(clause: Clause, at: int) -> int:
    """Read `who`, `whose`, `whether` and `if`; return the position behind what they say by themselves."""
    line, word, last = clause.line, clause.line.word(at), clause.last
    if word == "whether":
        return _whether(clause, at)
    if word == "if":
        if clause.sayings and clause.sayings[-1].part.name == "flag":
            clause.sayings.pop()
            return _whether(clause, at)
        if clause.sayings:
            clause.sayings[-1] = replace(clause.sayings[-1], is_optional=True)
        return next((place for place in range(at + 1, len(line)) if line.kind(place) in JOINTS), len(line))
    if last is not None and word == "whose":
        clause.go_on(Mode(Link.HAS, (last,)))
        if line.is_noun(at + 1) and line.kind(at + 2) is Kind.BE:
            clause.say(Saying(Link.HAS, line.at(at + 1), last, is_quality=is_quality(line.at(at + 1))))
    elif last is not None and word in {"that", "which"} and is_quality(last) and clause.mode.link is Link.HAS:
        return _skip_telling(clause, at)
    elif last is not None and word in _OBJECTS and line.is_noun(at + 1) and line.kind(at + 2) is Kind.VERB:
        clause.say(Saying(Link.DOES, last, line.at(at + 1), verb=line.word(at + 2)))
        clause.head = last
        return at + 3
    elif last is not None and word in {"who", "that", "which"} and line.kind(at + 1) in FINITE:
        clause.step_in()
        clause.subjects, clause.is_about_app = (last,), clause.is_app(last)
    return at + 1


def _skip_telling(clause: Clause, at: int) -> int:
    """Read `that is unique` and `which may be left empty` of a quality; return the position behind it."""
    line = clause.line
    end = next((place for place in range(at + 1, len(line)) if line.kind(place) in JOINTS), len(line))
    if not clause.sayings:
        return end
    words = {word for phrase in line.phrases[at:end] for word in (phrase.word, *phrase.qualities)}
    saying = clause.sayings[-1]
    is_optional = saying.is_optional or not words.isdisjoint({"optional", "empty", "missing"})
    clause.sayings[-1] = replace(saying, is_unique=saying.is_unique or "unique" in words, is_optional=is_optional)
    return end


def _whether(clause: Clause, at: int) -> int:
    """Read `whether it is paid`: a quality that is true or false."""
    place = clause.line.skip(at + 1, {Kind.PRONOUN, Kind.BE})
    phrase = clause.line.at(place)
    words = (*phrase.qualities, *phrase.nouns) or (phrase.text or phrase.word,)
    quality = Phrase(Kind.NOUN, "flag", nouns=("is", *words))
    for holder in clause.mode.holders or ((clause.head,) if clause.head else ()):
        clause.say(Saying(Link.HAS, quality, holder, is_quality=True))
    return place + 1


def read_pronoun(clause: Clause, at: int) -> int:
    """Read `we`, `it` and `each` as whom they stand for."""
    line, word = clause.line, clause.line.word(at)
    if word == "there":
        return _there(clause, at)
    if line.word(at + 1) == "of" and line.kind(at + 2) is Kind.PRONOUN and line.kind(at + 3) in FINITE:
        at += 2
        antecedent = clause.last or clause.previous
        clause.subjects = (antecedent,) if antecedent is not None and antecedent.is_plural else ()
    clause.is_ours = word in _OURS
    if word in _SELF:
        clause.subjects, clause.is_about_app = (), True
        clause.go_on(KEPT)
    elif line.kind(at + 1) in FINITE:
        antecedent = clause.last if word in _EACH else None
        if _makes(clause, at):
            clause.say(Saying(Link.DOES, line.at(at - 1), clause.listed[0], verb=line.word(at + 1)))
            return at + 2
        clause.subjects = (antecedent,) if antecedent is not None else clause.subjects or clause.antecedents
        clause.is_about_app = not clause.subjects
    return at + 1


def _makes(clause: Clause, at: int) -> bool:
    """Whether a thing is what others do that are named before it: `supporters, the contributions they make`."""
    is_object = clause.line.is_noun(at - 1) and clause.line.word(at) == "they"
    return is_object and bool(clause.listed) and clause.listed[0] is not clause.line.at(at - 1)


def _there(clause: Clause, at: int) -> int:
    """Read `there are`: what the app keeps, or what something has that is named before."""
    if clause.line.kind(at + 1) is not Kind.BE:
        return at + 1
    clause.subjects, clause.is_about_app, clause.is_ours = (), True, True
    clause.list_kept()
    return at + 2


def read_colon(clause: Clause, at: int) -> int:
    """Read what stands behind a colon as what the thing before it is like, or as what the app is about."""
    line, head = clause.line, clause.head
    if head is not None and not clause.is_app(head) and describes(line, at):
        is_known = clause.is_said_of(head) or clause.last is head
        if is_known:
            clause.go_on(Mode(Link.HAS, (head,), is_told=True))
            return at + 1
    clause.go_on(KEPT)
    clause.head, clause.subjects, clause.is_about_app = None, (), True
    return at + 1


def read_parentheses(clause: Clause, at: int) -> int:
    """Read what a thing is like, or may be, in parentheses; return the position behind them."""
    close = clause.line.find(Kind.CLOSE, at)
    end = len(clause.line) if close is None else close
    inside = clause.line.phrases[at + 1 : end]
    words = {word for phrase in inside for word in (phrase.word, *phrase.qualities)}
    if clause.sayings and words & {"unique", "optional", "empty"}:
        saying, is_unique = clause.sayings[-1], "unique" in words
        clause.sayings[-1] = replace(saying, is_unique=saying.is_unique or is_unique, is_optional=not is_unique)
    elif clause.last is not None:
        return _enter(clause, clause.last, at, inside)
    return end + 1


def _enter(clause: Clause, thing: Phrase, at: int, inside: Sequence[Phrase]) -> int:
    values, end = choice_behind(clause.line, at)
    if values and any(phrase.word == "or" for phrase in inside):
        clause.say(Saying(Link.HAS, _STATUS, thing, values=values, is_quality=True))
        return end
    items = [phrase for phrase in inside if phrase.kind is Kind.NOUN]
    are_things = all(item.is_plural and not is_quality(item) for item in items)
    clause.step_in()
    clause.go_on(Mode(Link.HAS, (thing,), is_told=not are_things))
    return at + 1


def read_close(clause: Clause, at: int) -> int:
    """Go on behind parentheses as before them."""
    clause.step_out()
    return at + 1


def read_joint(clause: Clause, at: int) -> int:
    """Go on with a list behind a comma or `and`: the innermost that the next noun phrase can be on."""
    line, following = clause.line, clause.line.at(at + 1)
    clause.mode = clause.outer if clause.mode.is_alone else clause.mode
    behind = clause.line.at(line.skip(at, JOINTS))
    is_aside = clause.outside is not None and Kind.CLOSE not in {one.kind for one in line.phrases[at:]}
    if is_aside and line.kind(at) is Kind.COMMA and behind.is_plural and not behind.articles:
        clause.step_out()
    if following.kind is not Kind.NOUN:
        return at + 1
    is_told = is_quality(following) or (clause.mode.link is Link.HAS and clause.mode != clause.base)
    if clause.ellipsis is not None and line.word(at + 2) == clause.ellipsis[0] and not is_told:
        clause.subjects, clause.is_about_app = (following,), False
        clause.go_on(Mode(clause.ellipsis[1], (following,)))
        return at + 3
    if (
        clause.mode.link is Link.HAS
        and clause.mode != clause.base
        and not (clause.mode.is_told or is_quality(following))
    ):
        is_own = line.word(at + 2) in _WITH
        if is_own or (following.is_plural and clause.last is not None and is_plain_quality(clause.last)):
            clause.go_on(clause.base)
    return at + 1
