"""What a verb makes of the noun phrases that follow it: what its subject has, does, is of, or may be."""

from dataclasses import replace
from typing import Final

from services.scaffold.reading.choices import stated_choice
from services.scaffold.reading.clause import IGNORED, KEPT, OWN, Clause, Mode
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.line import JOINTS, Line
from services.scaffold.reading.nouns import is_measure, is_person, is_quality
from services.scaffold.reading.phrases import Kind, Phrase
from services.scaffold.reading.sayings import Link, Saying

_GOES_ON: Final = frozenset({"for", "with", "on", "to"})
"""Behind a thing: it is one of many of its kind, and nobody else's."""
_CHOSEN: Final = frozenset({Kind.QUALITY, Kind.PASSIVE, Kind.NOUN})
_MOMENTS: Final = {"at": "time", "on": "date", "from": "date", "until": "date", "by": "date"}
_STATUS: Final = Phrase(Kind.NOUN, "status", nouns=("status",))

_LEADING: Final = frozenset({Kind.PREPOSITION, Kind.NOUN, Kind.PASSIVE, Kind.PRONOUN, Kind.RELATIVE})
"""What stands behind a verb in the passive that goes on."""


def read_verb(clause: Clause, at: int) -> int:
    """Read the verb at a position; return the position behind it and its preposition."""
    line, words, verb = clause.line, grammar(), clause.line.word(at)
    clause.verb, clause.is_passive = verb, False
    if not clause.is_ours:
        clause.verbs.append(verb)
    for subject in () if line.at(at).is_negated else clause.holders:
        clause.say(Saying(Link.ACTS, subject, verb=verb))
    behind = line.kind(at + 1)
    if verb in words.helping and clause.is_about_app:
        clause.go_on(IGNORED)
        return at + 1
    if line.at(at).is_negated:
        clause.verb = ""
        return _list(clause, Link.SEES, at + 1)
    if verb in words.looking and behind is not Kind.PREPOSITION:
        return _list(clause, Link.SEES, at + 1)
    if line.word(at + 1) == "of" or (verb in words.having and behind is not Kind.PREPOSITION):
        return _list(clause, Link.HAS, at + 1 + (line.word(at + 1) == "of"))
    if behind is Kind.PREPOSITION and line.word(at + 1) != "with":
        link = Link.SHARES if verb in words.sharing | words.joining else Link.UNDER
        link = Link.DOES if verb in words.asking else link
        clause.head = clause.holders[0] if clause.holders else clause.head
        clause.ellipsis = line.word(at + 1), link
        clause.go_on(Mode(link, clause.holders) if clause.holders else KEPT)
        return at + 2
    is_own = line.is_noun(at + 1) and line.word(at + 2) in _GOES_ON
    link = Link.SHARES if not is_own and _is_shared(clause, verb, at + 1) else Link.DOES
    return _list(clause, Link.UNDER if _refers(clause, at + 1) else link, at + 1)


def _is_shared(clause: Clause, verb: str, at: int) -> bool:
    """Whether many people do something with many things, none of which they make: `scouts earn badges`."""
    if verb in grammar().sharing:
        return True
    if not OWN.isdisjoint(clause.line.at(at).articles):
        return False
    is_plural = clause.line.at(at).is_plural and all(subject.is_plural for subject in clause.subjects)
    return is_plural and verb not in grammar().making


def _list(clause: Clause, link: Link, end: int) -> int:
    if clause.holders:
        clause.go_on(Mode(link, clause.holders))
        clause.base = clause.mode
    else:
        clause.list_kept()
    return end


def _refers(clause: Clause, at: int) -> bool:
    """Whether things, and no people, do something with a single one: `each launch uses one rocket`."""
    is_single = clause.line.is_noun(at) and not clause.line.at(at).is_plural
    are_many = any(subject.is_plural for subject in clause.subjects)
    if clause.verb in grammar().making or (are_many and clause.verb in grammar().sharing):
        return False
    return is_single and bool(clause.holders) and not any(is_person(subject.word) for subject in clause.subjects)


def read_be(clause: Clause, at: int) -> int:
    """Read `is pending or approved`, `is for one machine`, `is one camera`, `is part of a project`."""
    line, following = clause.line, clause.line.kind(at + 1)
    clause.is_passive = False
    values, end = stated_choice(line, at + 1)
    if values and clause.subjects:
        _say_values(clause, values)
        clause.go_on(IGNORED)
        return end
    if following in {Kind.QUALITY, Kind.PASSIVE} and line.word(at + 2) == "or" and line.kind(at + 3) not in _CHOSEN:
        _say_flag(clause, line.at(at + 1))
        return at + 3
    clause.is_passive = True
    for subject in clause.holders:
        if not is_quality(subject) or (subject.is_plural and not is_measure(subject)):
            clause.say(Saying(Link.ACTS, subject))
    under = Mode(Link.UNDER, clause.holders) if clause.holders else KEPT
    if following is Kind.PREPOSITION:
        clause.head = clause.subjects[0] if clause.subjects else clause.head
        clause.go_on(under)
        return at + 2
    if line.is_noun(at + 1) and line.word(at + 1) in {"part", "member"} and line.word(at + 2) == "of":
        clause.go_on(under)
        return at + 3
    if line.is_noun(at + 1) and "one" in line.at(at + 1).articles:
        clause.go_on(under)
    elif following is not Kind.PASSIVE:
        clause.go_on(IGNORED)
    return at + 1


def _say_flag(clause: Clause, state: Phrase) -> None:
    """Say that the subject is something or not."""
    flag = Phrase(Kind.NOUN, "flag", nouns=("is", *state.qualities))
    for subject in clause.holders:
        clause.say(Saying(Link.HAS, flag, subject, is_quality=True))
    clause.go_on(IGNORED)


def _say_values(clause: Clause, values: tuple[str, ...]) -> None:
    """Say what the subject may be: a quality that is the subject itself, else its status."""
    for subject in clause.subjects:
        owned = next((one for one in reversed(clause.sayings) if one.part is subject and one.link is Link.HAS), None)
        if owned is None:
            owned = next(
                (
                    replace(one, link=Link.HAS)
                    for one in reversed(clause.sayings)
                    if one.part is subject and one.link is Link.UNDER and is_quality(subject)
                ),
                None,
            )
            clause.sayings[:] = [one for one in clause.sayings if one.part is not subject or owned is None]
        else:
            clause.sayings.remove(owned)
        saying = owned or Saying(Link.HAS, _STATUS, subject)
        clause.say(replace(saying, values=values, is_quality=True))


def read_quality(clause: Clause, at: int) -> int:
    """Read `valid from` on a list of qualities; an adjective says nothing else by itself."""
    moment = moment_at(clause.line, at)
    return clause.attach(moment, at + 2) if moment is not None and clause.mode.link is Link.HAS else at + 1


def moment_at(line: Line, at: int) -> Phrase | None:
    """Return the quality that `placed at` and `valid until` name, where nothing follows."""
    word, preposition = line.at(at), line.word(at + 1)
    if preposition not in _MOMENTS or line.is_noun(at + 2) or not word.qualities:
        return None
    return Phrase(Kind.NOUN, _MOMENTS[preposition], nouns=(*word.qualities, preposition))


def read_passive(clause: Clause, at: int) -> int:
    """Read what is done to the subject, or to the noun right before: `borrowed by members`."""
    line, participle = clause.line, clause.line.word(at)
    if clause.mode.link is Link.HAS and (moment := moment_at(line, at)) is not None:
        return clause.attach(moment, at + 2)
    if not (line.word(at - 1) == "is" and (line.word(at + 1) == "on" or line.kind(at + 1) not in _LEADING)):
        clause.verbs.append(participle)  # `the load is booked` tells how one is, and not what people do there
    goes_on = clause.is_passive and line.kind(at - 1) in JOINTS
    is_verb = line.kind(at - 1) is Kind.BE or goes_on
    done_to = _done_to(clause, is_verb=is_verb, is_of_each=line.word(at - 1) == "each")
    clause.head = done_to[0] if done_to else clause.head
    is_about_app = not is_verb and clause.is_about_app and (clause.last is None or clause.is_app(clause.last))
    if line.kind(at + 1) is not Kind.PREPOSITION or participle in grammar().telling or is_about_app:
        clause.mode = IGNORED if is_verb else clause.outer
        return at + 1
    clause.verb, clause.is_passive = participle, True
    if line.word(at + 1) == "with":
        return at + 1
    link = _link_of(clause, participle, at + 1)
    if link is Link.HAS and line.at(at + 2).is_plural and line.word(at + 1) == "of":
        clause.go_on(Mode(Link.HAS, done_to))
        return at + 2
    clause.ellipsis = line.word(at + 1), link
    clause.mode = Mode(link, done_to, is_alone=not is_verb)
    clause.outer = clause.mode if is_verb else clause.outer
    return at + 2


def _done_to(clause: Clause, *, is_verb: bool, is_of_each: bool) -> tuple[Phrase, ...]:
    if is_verb and clause.subjects:
        for subject in clause.subjects:
            if (frame := clause.frame) is not None:
                part, whole = (frame, subject) if "one" in subject.articles else (subject, frame)
                clause.say(Saying(Link.UNDER, part, whole))
        return clause.subjects
    is_detail = clause.last is not None and is_quality(clause.last)
    nearest = clause.head if is_detail or is_of_each else clause.last
    return (nearest,) if nearest is not None else ()


def _link_of(clause: Clause, participle: str, at: int) -> Link:
    """Return what the thing behind a participle's preposition is to that to which something is done."""
    line = clause.line
    is_made_of = participle == "make" and line.word(at) == "of" and line.at(at + 1).is_plural
    if participle in grammar().dividing or is_made_of:
        return Link.HAS
    if line.word(at) != "by" or not line.is_noun(at + 1) or not line.at(at + 1).is_plural:
        return Link.UNDER
    if participle in grammar().making:
        return Link.UNDER
    return Link.SHARES if is_person(line.at(at + 1).word) else Link.HAS
