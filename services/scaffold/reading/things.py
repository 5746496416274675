"""From what the sentences of a description say to its things, with their qualities and relations."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from services.scaffold.plurals import plural
from services.scaffold.reading import languages
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.nouns import (
    is_known,
    is_known_person,
    is_measured,
    is_person,
    is_span,
    is_unit,
    words_in_number,
)
from services.scaffold.reading.phrases import Phrase, phrases
from services.scaffold.reading.qualities import name_qualities, quality_of
from services.scaffold.reading.reading import Deed, Quality, Reading, Thing
from services.scaffold.reading.relations import Relations
from services.scaffold.reading.sayings import Link, Saying
from services.scaffold.reading.scanner import scan
from services.scaffold.reading.tokens import Token, sentences

_LONGEST_NAME: Final = 60
_LONG: Final = 2
"""The hyphens and spaces of a name that only says what kind of things an app is about: `role-playing campaigns`."""
_COUNTED: Final = frozenset({"text", "datetime", "integer", "money", "number", "boolean"})
_MANY: Final = frozenset({"one", "many", "several", "multiple"})


def read(description: str) -> Reading:
    """Read a text of any kind. Equal texts give equal readings."""
    lines = [_phrases(sentence) for sentence in sentences(description)]
    sayings, verbs = scan(lines)
    reading = _Things(sayings, verbs).reading()
    first = next((phrase for line in lines for phrase in line if _about(phrase)), None)
    topic = plural("_".join(_about(first)))[:_LONGEST_NAME] if first is not None else None
    is_app = first is not None and not grammar().software.isdisjoint(first.nouns)
    return replace(reading, topic=topic, called_by=topic if is_app else None)


def _about(phrase: Phrase) -> list[str]:
    """Return the nouns of a phrase that are no words for the app; none where it names nothing that is kept."""
    if phrase.nouns and phrase.nouns[-1] in grammar().no_things - grammar().software:
        return []
    return [word for word in phrase.nouns if word not in grammar().software | grammar().no_things]


def _phrases(sentence: Sequence[Token]) -> list[Phrase]:
    language = languages.language_of(sentence)
    return phrases(sentence) if language is None else languages.phrases(sentence, language)


class _Things:
    """Decides which noun phrases name things, which of them the same, and which name qualities."""

    def __init__(self, sayings: Sequence[Saying], verbs: Sequence[str]) -> None:
        self.sayings = sayings
        self.verbs = verbs

    def reading(self) -> Reading:
        people: dict[str, bool] = {}
        for saying in self.sayings:
            for phrase in self._things_of(saying, known=people):
                people.setdefault(self._name(phrase), is_person(phrase.word))
        qualities = self._qualities(people)
        things = {name: Thing(name, tuple(qualities.get(name, {}).values()), who) for name, who in people.items()}
        told = [saying for saying in self.sayings if not self._is_quality(saying)]
        relations = Relations(told, things.keys(), self._name, self._stands_alone)
        return Reading(things, tuple(relations.all()), tuple(self._deeds(things)), tuple(self.verbs))

    def _deeds(self, things: Collection[str]) -> Iterator[Deed]:
        for saying in self.sayings:
            who = saying.part if saying.link is Link.ACTS else saying.whole
            if who is None or saying.verb is None or self._name(who) not in things or saying.link is Link.UNDER:
                continue
            what = None if saying.link is Link.ACTS else self._name(saying.part)
            yield Deed(self._name(who), saying.verb, what if what in things else None)

    # Names

    @cached_property
    def _mentioned(self) -> list[Phrase]:
        """The noun phrases, each once, in their order."""
        both = ((saying.whole, saying.part) for saying in self.sayings)
        return list({id(phrase): phrase for pair in both for phrase in pair if phrase is not None}.values())

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """The names of things, in the singular, by what they are called somewhere.

        An adjective is no part of the name of one of what has been called without it before, and what has been called
        by more words before has the longer name.
        """
        bare = {phrase.name for phrase in self._mentioned if not name_qualities(phrase)}
        before: set[str] = set()
        names: dict[str, str] = {}
        longest: dict[str, str] = {}
        for phrase in self._mentioned:
            words = (*(() if self._is_known_as_bare(phrase, before) else name_qualities(phrase)), *phrase.nouns)
            before |= {phrase.name} if not name_qualities(phrase) else set()
            name, last = "_".join(words), words[-1]
            is_role = id(phrase) in self._roles and (last in bare or id(phrase) in self._paired)
            if is_role or (name.count("_") >= _LONG and last in bare and "of" not in words):
                name = last
            elif len(words) > 1:
                longest.setdefault(last, name)
            names.setdefault(_called(phrase), longest.get(name, name))
        return names

    def _is_known_as_bare(self, phrase: Phrase, before: Collection[str]) -> bool:
        """Whether a noun phrase with adjectives means what has been spoken of without: `an approved application`."""
        is_state = any(word.endswith("ed") for word in name_qualities(phrase))
        return phrase.name in before and (not phrase.is_plural or is_state)

    @cached_property
    def _roles(self) -> frozenset[int]:
        """Noun phrases, by identity, that may say as what something is had: `a government team`."""
        had = (saying.part for saying in self.sayings if saying.link is Link.HAS and not saying.part.is_plural)
        return frozenset(id(part) for part in had if part.word not in grammar().attributes)

    @cached_property
    def _paired(self) -> frozenset[int]:
        """Roles, by identity, of which two are of one thing: `a home team and an away team`."""
        roles = [saying for saying in self.sayings if id(saying.part) in self._roles and len(saying.part.nouns) > 1]
        counts = Counter((id(saying.whole), saying.part.nouns[-1]) for saying in roles)
        return frozenset(id(one.part) for one in roles if counts[id(one.whole), one.part.nouns[-1]] > 1)

    @cached_property
    def _plurals(self) -> Mapping[str, str]:
        """The plurals of names as the text has them; and as other languages than English make them."""
        ordered = sorted(self._mentioned, key=lambda phrase: not phrase.is_plural)
        plurals: dict[str, str] = {}
        for phrase in ordered:
            name = self._names[_called(phrase)]
            if phrase.plural and (phrase.is_foreign or name.endswith(phrase.name)):
                plurals.setdefault(name, name.removesuffix(phrase.name) + phrase.plural)
        return plurals

    def _name(self, phrase: Phrase) -> str:
        name = self._names[_called(phrase)]
        return (self._plurals.get(name) or plural(name))[:_LONGEST_NAME].strip("_")

    # Things

    def _things_of(self, saying: Saying, *, known: Mapping[str, bool]) -> Iterator[Phrase]:
        whole, part = saying.whole, saying.part
        if whole is not None and self._may_be_thing(whole):
            is_named = bool(whole.articles) or whole.is_plural or self._name(whole) in known
            is_named = is_named or plural(whole.word) == whole.word
            if saying.link is not Link.UNDER or is_named:
                yield whole
        if not self._is_quality(saying) and self._may_be_thing(part):
            is_named = part.is_plural or bool(part.articles) or self._name(part) in known
            if saying.link not in {Link.DOES, Link.SHARES, Link.SEES} or is_named:
                yield part

    def _may_be_thing(self, phrase: Phrase) -> bool:
        if is_measured(phrase) and not self._holds_more(phrase):
            return False
        if phrase.word in grammar().technical or is_span(phrase):
            return False
        is_time_kept = is_unit(phrase) and self._name(phrase) in self._kept
        if phrase.name in grammar().no_things and not name_qualities(phrase) and not is_time_kept:
            return False
        return not is_unit(phrase) or self._holds_more(phrase) or self._name(phrase) in self._kept

    def _is_quality(self, saying: Saying) -> bool:
        """Whether a part is a quality of the whole, and no thing of its own."""
        part, link = saying.part, saying.link
        if saying.is_quality or saying.values or saying.unit is not None:
            return True
        if link is Link.KEPT and part.word == plural(part.word):
            return False
        if link not in {Link.HAS, Link.KEPT} or self._holds_more(part) or not _MANY.isdisjoint(part.articles):
            return False
        if saying.is_listed_as_quality:
            return not self._is_kept(part)
        kind = grammar().attributes.get(part.word)
        if part.is_plural:
            return self._is_quality_in_plural(saying, kind)
        return kind is not None or (link is Link.HAS and not (self._is_named(saying) or self._is_kept(part)))

    def _is_named(self, saying: Saying) -> bool:
        """Whether a single part is a thing: one among things or alone, and not one among qualities."""
        part = saying.part
        if not part.articles or {"optional", "unique"} & set(part.qualities):
            return False
        if self._has_qualities(saying.whole):
            return (len(part.nouns) > 1 and is_known(part)) or self._is_somebody(part)
        others = [one.part for one in self._had_by(saying.whole)]
        return any(other.is_plural or is_known(other) or is_person(other.word) for other in others)

    def _is_somebody(self, part: Phrase) -> bool:
        """Whether it is somebody of whom more than a name is kept, though it is on a list of qualities: `a trainer`."""
        is_one = is_known_person(part.word) or part.word in grammar().persons
        return len(part.nouns) == 1 and is_one and part.word not in grammar().attributes

    def _is_quality_in_plural(self, saying: Saying, kind: str | None) -> bool:
        is_measure = words_in_number(saying.part)[-1] in grammar().units
        if is_known(saying.part) and len(saying.part.nouns) > 1:
            return False
        if saying.link is Link.KEPT:
            return kind == "date"
        if is_measure or saying.part.word in grammar().counted:
            return True
        return kind == "date" or (kind in _COUNTED and self._has_qualities(saying.whole))

    def _holds_more(self, phrase: Phrase) -> bool:
        """Whether something is said of what a phrase names, elsewhere."""
        return self._name(phrase) in self._telling

    @cached_property
    def _telling(self) -> frozenset[str]:
        """The names of what has, does or is of something."""
        had = {id(one.part) for one in self.sayings if one.link is Link.HAS and not one.part.is_plural}
        wholes = (saying.whole for saying in self.sayings if saying.link is not Link.UNDER)
        parts = (saying.part for saying in self.sayings if saying.link is Link.UNDER)
        telling = [*(whole for whole in wholes if whole is not None), *(part for part in parts if id(part) not in had)]
        return frozenset(map(self._name, telling))

    @cached_property
    def _kept(self) -> frozenset[str]:
        """The names of what is kept, or of what somebody does something with."""
        links = {Link.KEPT, Link.DOES, Link.SHARES, Link.SEES}
        return frozenset(self._name(one.part) for one in self.sayings if one.link in links and not one.is_quality)

    def _is_kept(self, phrase: Phrase) -> bool:
        return self._name(phrase) in self._kept

    def _stands_alone(self, phrase: Phrase) -> bool:
        """Whether what a phrase names is there without what has it."""
        return self._is_kept(phrase) or self._name(phrase) in self._under | self._in_plural

    @cached_property
    def _under(self) -> frozenset[str]:
        """The names of what is of something, and of what something is of."""
        pairs = ((one.part, one.whole) for one in self.sayings if one.link is Link.UNDER)
        return frozenset(self._name(phrase) for pair in pairs for phrase in pair if phrase is not None)

    @cached_property
    def _in_plural(self) -> frozenset[str]:
        """The names of what is spoken of in the plural as what has or does something."""
        wholes = (one.whole for one in self.sayings if one.link is not Link.UNDER and one.whole is not None)
        return frozenset(self._name(whole) for whole in wholes if whole.is_plural)

    def _has_qualities(self, whole: Phrase | None) -> bool:
        return any(
            not saying.part.is_plural
            and (saying.is_quality or saying.values or saying.part.word in grammar().attributes)
            for saying in self._had_by(whole)
        )

    def _had_by(self, whole: Phrase | None) -> Sequence[Saying]:
        return self._having.get(id(whole), ())

    @cached_property
    def _having(self) -> Mapping[int, Sequence[Saying]]:
        """What is said of what each noun phrase has, by its identity."""
        having: dict[int, list[Saying]] = {}
        for saying in self.sayings:
            if saying.link is Link.HAS and saying.whole is not None:
                having.setdefault(id(saying.whole), []).append(saying)
        return having

    # Qualities

    def _qualities(self, things: Iterable[str]) -> dict[str, dict[str, Quality]]:
        """Return the qualities of things, by both names; one that nobody has is that of the thing before it."""
        qualities: dict[str, dict[str, Quality]] = {name: {} for name in things}
        previous: str | None = None
        for saying in self.sayings:
            if not self._is_quality(saying):
                previous = self._name(saying.part) if saying.link is Link.KEPT else previous
                continue
            owner = self._name(saying.whole) if saying.whole is not None else previous
            if owner in qualities:
                quality = quality_of(saying)
                qualities[owner].setdefault(quality.name, quality)
        return qualities


def _called(phrase: Phrase) -> str:
    return "_".join((*name_qualities(phrase), *phrase.nouns))
