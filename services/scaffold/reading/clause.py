"""The state of reading a sentence: whose turn it is, and what the next noun phrase is to those before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from services.core.frozen import frozen
from services.scaffold.plurals import singular
from services.scaffold.reading.choices import choice_behind
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.line import Line
from services.scaffold.reading.nouns import is_many, is_measured, is_quality, is_unit
from services.scaffold.reading.phrases import Kind, Phrase
from services.scaffold.reading.sayings import Link, Saying


@frozen
class Mode:
    """What the next noun phrase is to those before it."""

    link: Link | None
    """None where it is nothing that matters."""
    holders: tuple[Phrase, ...] = ()
    is_alone: bool = False
    """Whether one noun phrase ends it, as after a preposition."""
    is_told: bool = False
    """Whether it is on a list of nothing but qualities."""


OWN: Final = frozenset({"their", "its", "his", "her"})
IGNORED: Final = Mode(None)
IGNORED_ONCE: Final = Mode(None, is_alone=True)
KEPT: Final = Mode(Link.KEPT)
_LISTS: Final = frozenset({Link.DOES, Link.SHARES, Link.SEES, Link.HAS})
_RANGE: Final = frozenset({Kind.PREPOSITION, Kind.PRONOUN, Kind.CONJUNCTION, Kind.NUMBER})
_LONGEST_BOUND: Final = 9
"""Digits of the least and the greatest that a number may be: a number of so many is an integer anywhere."""
_VERBAL: Final = frozenset({Link.DOES, Link.SHARES, Link.SEES, Link.UNDER})


@dataclass
class Clause:
    line: Line
    sayings: list[Saying]
    """Of all sentences so far."""
    verbs: list[str]
    """What is done in all sentences so far, whoever does it."""
    topic: tuple[Phrase, ...]
    """What the sentence before was about: what `it` is."""
    previous: Phrase | None
    """The last noun phrase of the sentence before."""
    is_first: bool
    """Whether the sentence is the first of a text."""
    mode: Mode = KEPT
    outer: Mode = KEPT
    """What counts again behind what a preposition leads to."""
    base: Mode = KEPT
    """What the things are to each other that the verb of the clause lists."""
    subjects: tuple[Phrase, ...] = ()
    is_ours: bool = False
    """Whether the subject is whoever asks for the app."""
    is_about_app: bool = True
    """Whether the subject is the app, or whoever asks for it."""
    head: Phrase | None = None
    """What a following `with` tells more of."""
    listed: tuple[Phrase, ...] = ()
    """All of the list that `head` is the last of."""
    last: Phrase | None = None
    is_frame_used: bool = False
    frame: Phrase | None = None
    """Of what it is said, as patients are in `for every patient the nurse writes a handover`."""
    verb: str = ""
    is_passive: bool = False
    ellipsis: tuple[str, Link] | None = None
    """The preposition behind the verb, and what it makes of what follows: the next clause may have no more of it."""
    outside: tuple[Mode, Mode, Mode, Phrase | None, Phrase | None] | None = None
    """The modes, head and last noun phrase before parentheses or a relative clause."""
    apps: list[Phrase] = field(default_factory=list[Phrase])
    """What the app is about: no thing that it keeps."""

    @property
    def holders(self) -> tuple[Phrase, ...]:
        """Return whom the clause speaks of: nobody where that is the app."""
        return () if self.is_about_app else self.subjects

    @property
    def antecedents(self) -> tuple[Phrase, ...]:
        """Return what `it` is where no clause of the sentence has a subject."""
        return (self.head,) if self.head is not None else self.topic

    def is_app(self, phrase: Phrase) -> bool:
        """Return whether a noun phrase is the app itself: `a tracker`, at the beginning; `the system`, anywhere."""
        if any(phrase is app for app in self.apps):
            return True
        articles = set(phrase.articles)
        is_beginning = self.is_first and not self.sayings and phrase is self.line.nouns(0)[0]
        is_several = phrase.is_plural and phrase.word != "datum"
        if phrase.word not in grammar().software or is_several or articles & {"each", "every", "one"}:
            return False
        return is_beginning or bool(articles & {"the", "this", "our", "my"})

    def is_said_of(self, phrase: Phrase) -> bool:
        return any(saying.part.name == phrase.name for saying in self.sayings)

    def say(self, saying: Saying) -> None:
        """Take a saying; one whose part has no name (`a yes/no`) says nothing."""
        if saying.part.nouns or saying.part.qualities:
            self.sayings.append(saying)

    def begin(self, subjects: Sequence[Phrase], *, is_about_app: bool) -> None:
        """Begin a clause with its subjects."""
        self.subjects, self.is_about_app = tuple(subjects), is_about_app
        self.head = self.last = self.subjects[0]
        self.mode = self.outer = self.base = KEPT
        self.is_passive, self.verb, self.ellipsis, self.is_ours = False, "", None, False
        if self.is_frame_used:
            self.frame, self.is_frame_used = None, False

    def step_in(self) -> None:
        """Remember what counts again behind what is said by the way."""
        self.outside = self.mode, self.outer, self.base, self.head, self.last

    def step_out(self) -> None:
        if self.outside is not None:
            self.mode, self.outer, self.base, self.head, self.last = self.outside
            self.outside = None

    def go_on(self, mode: Mode) -> None:
        """Take all that is listed next as one thing to what is before it."""
        self.mode = self.outer = mode
        self.listed = ()

    def list_kept(self) -> None:
        """Take what is listed next as what the app keeps; or where it is said of something, as what that has."""
        if self.frame is not None and self.is_ours:
            self.go_on(Mode(Link.HAS, (self.frame,)))
            self.is_frame_used = True
        else:
            self.go_on(KEPT)
        self.base = self.mode

    def attach(self, phrase: Phrase, end: int) -> int:
        """Say what a noun phrase is to those before it; return the position behind it and its details."""
        if self.mode == KEPT and self.listed and not OWN.isdisjoint(phrase.articles):
            self.go_on(Mode(Link.HAS, self.listed[-1:]))
        mode = self.mode
        if mode.link is not None:
            verb = self.verb if mode.link in _VERBAL and not mode.is_alone else None
            saying = Saying(mode.link, phrase, verb=verb, is_listed_as_quality=mode.is_told)
            saying, end = self._with_details(saying, end)
            self._say_to_holders(saying, mode)
            if self._is_head(saying, mode, end):
                self.head = phrase
                self.listed = (*self.listed, phrase)
            self._say_of_frame(phrase, mode)
        self.last = phrase
        if mode.is_alone:
            self.mode = self.outer
        return end

    def _say_to_holders(self, saying: Saying, mode: Mode) -> None:
        if mode.link is Link.KEPT:
            self.say(saying)
        if saying.values and mode.link is Link.UNDER:
            saying = replace(saying, link=Link.HAS)
        for holder in mode.holders:
            self.say(_linked(saying, holder))

    def _is_head(self, saying: Saying, mode: Mode, end: int) -> bool:
        if mode.link is Link.KEPT:
            return True
        is_plain = is_quality(saying.part) and not saying.part.is_plural and self.line.word(end) != "with"
        is_told = mode.link is Link.HAS and (saying.is_quality or is_plain)
        return mode.link in _LISTS and not mode.is_alone and not is_told

    def _say_of_frame(self, phrase: Phrase, mode: Mode) -> None:
        is_thing = mode == self.base and (not is_quality(phrase) or self.head is phrase)
        if self.frame is not None and mode.link in {*_LISTS, Link.KEPT} and is_thing:
            self.say(Saying(Link.UNDER, phrase, self.frame))
            self.is_frame_used = True

    def _bounds(self, at: int) -> tuple[str, str] | None:
        """Return the two numbers of `from 1 to 10`, `between 1 and 10` and `of 1 to 10` that begins at a position."""
        least, to, most = (self.line.word(place) for place in range(at + 1, at + 4))
        is_range = self.line.word(at) in {"from", "between", "of"} and to in {"to", "and", "through"}
        is_range = is_range and all(word.isdecimal() and len(word) <= _LONGEST_BOUND for word in (least, most))
        return (least, most) if is_range and int(least) < int(most) else None

    def _with_details(self, saying: Saying, at: int) -> tuple[Saying, int]:
        """Read what follows: a unit, and all that a quality may be."""
        line = self.line
        if line.word(at) == "in" and line.is_noun(at + 1):
            is_told = saying.link is Link.HAS and is_quality(saying.part) and not saying.part.is_plural
            if is_told or is_unit(line.at(at + 1)):
                saying = replace(saying, unit=line.at(at + 1).word, is_quality=True)
                at += 2
        if (bounds := self._bounds(at)) is not None and not saying.part.is_plural:
            return replace(saying, unit="points", bounds=bounds, is_quality=True), line.skip(at, _RANGE)
        is_state = saying.part.word in grammar().states
        are_states = is_state and saying.part.is_plural and saying.link is Link.HAS
        values, end = choice_behind(line, at, may_begin=is_state, are_several=are_states)
        if not values:
            return saying, at
        if are_states:
            part = replace(saying.part, is_plural=False)
            return replace(saying, part=part, values=tuple(map(singular, values)), is_quality=True), end
        if saying.part.is_plural and line.word(at) == "of":
            value = Phrase(Kind.NOUN, "value", nouns=("value",))
            self.say(Saying(Link.HAS, value, saying.part, values=values, is_quality=True))
            return saying, end
        if not saying.part.is_plural and (saying.link is Link.HAS or is_quality(saying.part)):
            return replace(saying, values=values, is_quality=True), end
        return saying, at


def _linked(saying: Saying, holder: Phrase) -> Saying:
    if saying.link is Link.UNDER and is_quality(saying.part) and is_measured(saying.part):
        return replace(saying, link=Link.HAS, whole=holder, is_quality=True)
    if saying.link is Link.UNDER:
        return replace(saying, whole=saying.part, part=holder, is_many=is_many(saying.part))
    return replace(saying, whole=holder)
