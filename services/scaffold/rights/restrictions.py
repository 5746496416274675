"""Clauses that keep to some what they do, whatever that is: `only skippers move boats`, `nobody moors boats`."""

from collections.abc import Iterator
from typing import Final

from services.core.frozen import frozen
from services.scaffold.plurals import singular
from services.scaffold.rights.clauses import Clause, beginning
from services.scaffold.rights.statement_forms import CLAUSE_ENDS, ONLY
from services.scaffold.rights.subjects import is_person
from services.scaffold.rights.wording import FILLERS, LINKS, Wording
from services.scaffold.vocabulary import vocabulary

_BEHIND: Final = frozenset(["alone", "solely", "exclusively"])
"""Words behind people that keep something to them: what `posts only` does is not said of people."""
_BEFORE_PEOPLE: Final = frozenset(["by", "for", "to"])
_BUT: Final = frozenset(["but", "except", "besides", "than"])
_PURPOSES: Final = frozenset(["so", "that"])
"""Words before what is to come of it, and not who may: `so that nobody forgets birthdays`."""
_NO_VERBS: Final = frozenset(["are", "is", "was", "were", "that", "which", "on", "in", "at", "from", "for", "per"])
_MOST_QUALITIES: Final = 2
"""Words that say which people: `licensed`."""


@frozen
class Restrictions:
    wording: Wording

    def people(self, clause: Clause) -> frozenset[int] | None:
        """Return the places where a clause names those who alone do something; None where it says no such thing."""
        places = range(clause.start, clause.end)
        if not any(self._restricts(clause, at) for at in places):
            return None
        named: list[range] = []
        for at in places:
            if self.wording.word(at) in ONLY | _BUT | _BEFORE_PEOPLE:
                named.append(range(at + 1, self._after_people(at + 1)))
            if self.wording.word(at) in _BEHIND:
                named += [range(first, at) for first in self._beginnings(clause) if self._after_people(first) == at]
        return frozenset(place for span in named for place in span)

    def _restricts(self, clause: Clause, at: int) -> bool:
        """Whether a word keeps to those beside it what others do not do."""
        word, before, after = (self.wording.word(place) for place in (at, at - 1, at + 1))
        if word == "nobody" or (word, after) == ("no", "one"):
            return before not in _PURPOSES
        if word not in ONLY:
            return False
        if after in _BEFORE_PEOPLE:
            return self._after_people(at + 2) > at + 2
        if any(self.wording.word(by) == "by" and self._after_people(by + 1) > by + 1 for by in range(at, clause.end)):
            return True
        is_last = at + 1 == clause.end or after in CLAUSE_ENDS
        if is_last:
            return any(
                self.wording.word(first) in _BEFORE_PEOPLE and self._after_people(first + 1) == at
                for first in range(clause.start, at)
            )
        is_first = at in self._beginnings(clause) and self._does(self._after_people(at + 1), at + 1)
        is_behind = word in _BEHIND and any(self._after_people(first) == at for first in self._beginnings(clause))
        return is_first or (is_behind and self._does(at + 1, at))

    def _beginnings(self, clause: Clause) -> Iterator[int]:
        """Yield where something is said in a clause."""
        places = {beginning(self.wording, clause.start, at) for at in range(clause.start, clause.end)}
        return (self.wording.skip(at, LINKS) for at in sorted(places))

    def _does(self, at: int, first: int) -> bool:
        """Whether a verb may stand behind people who begin at `first`."""
        word = self.wording.word(at)
        return at > first and word not in LINKS | CLAUSE_ENDS | _NO_VERBS | vocabulary().having | vocabulary().listing

    def _after_people(self, at: int) -> int:
        """Return where the names of people end that begin at a position: there, if none does."""
        end, first = at, self.wording.skip(at, FILLERS)
        while (last := self._after_noun(first)) > first:
            end, first = last, last + 1
            if self.wording.word(last) not in LINKS:
                break
            first = self.wording.skip(first, FILLERS)
        return end

    def _after_noun(self, at: int) -> int:
        for place in range(at, at + 1 + _MOST_QUALITIES):
            word = self.wording.word(place)
            if word.isalpha() and (is_person(singular(word)) or self.wording.table(place) is not None):
                return place + 1
            if not word.isalpha() or word in vocabulary().stop_words:
                break
        return at
