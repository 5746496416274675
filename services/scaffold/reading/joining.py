"""What people may be in what they belong to: `users join crews as captain or sailor`."""

from typing import Final

from services.scaffold.plurals import singular
from services.scaffold.reading.choices import choice_behind
from services.scaffold.reading.clause import Clause
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.nouns import is_person, is_quality
from services.scaffold.reading.phrases import Kind, Phrase
from services.scaffold.reading.reading import MEMBER_ROLE
from services.scaffold.reading.sayings import Link, Saying

_WITH: Final = frozenset({"with", "including"})
_MEMBER: Final = "member"
_ROLE: Final = Phrase(Kind.NOUN, "role", nouns=("role",))
_MEMBER_ROLE: Final = Phrase(Kind.NOUN, "role", nouns=tuple(MEMBER_ROLE.split("_")))


def after_roles(clause: Clause, at: int) -> int | None:
    """Read the roles of people in what they join, or of members, behind the preposition at a position.

    Return the position behind them; None where there are none.
    """
    joined = clause.last
    if joined is None or not (joined.word == _MEMBER or _are_people_joined(clause)):
        return None
    roles, end = _roles(clause, at)
    if not roles:
        return None
    role, values = _ROLE if joined.word == _MEMBER else _MEMBER_ROLE, tuple(dict.fromkeys(map(singular, roles)))
    clause.say(Saying(Link.HAS, role, joined, values=values, is_quality=True))
    return end


def _are_people_joined(clause: Clause) -> bool:
    """Whether it is said of people that they belong to what is named last, or are in it, or join it."""
    is_joined = clause.verb in grammar().belonging | grammar().joining or (clause.is_passive and not clause.verb)
    are_people = any(is_person(subject.word) for subject in clause.holders)
    return is_joined and are_people and clause.last is not None and clause.last not in clause.holders


def _roles(clause: Clause, at: int) -> tuple[tuple[str, ...], int]:
    """Read `with the roles owner and member` and `as captain or sailor`; return the roles, and the position behind."""
    line = clause.line
    if line.word(at) in _WITH and line.at(at + 1).word == "role":
        return choice_behind(line, at + 2, may_begin=True, are_several=True)
    if line.word(at) != "as":
        return (), at
    end = line.after_list(at + 1)
    roles = [phrase for phrase in line.phrases[at + 1 : end] if phrase.kind is Kind.NOUN]
    is_list = len(roles) > 1 and not any(map(is_quality, roles))
    return (tuple("_".join(role.nouns) for role in roles), end) if is_list else ((), at)
