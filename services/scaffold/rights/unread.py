"""What a description says of who may do what and is not understood, and what is closed until it is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import Audience
from services.scaffold.plurals import singular
from services.scaffold.rights.clauses import Clause, beginning
from services.scaffold.rights.restrictions import Restrictions
from services.scaffold.rights.statement import Form, Statement
from services.scaffold.rights.statement_forms import NEGATIONS, ONLY, OPEN_TO, PERMITTING, READ_ONLY, Forms
from services.scaffold.rights.subjects import is_person, read_subject
from services.scaffold.rights.unchanging import UNCHANGING
from services.scaffold.rights.wording import FILLERS, OWN, Wording
from services.scaffold.vocabulary import vocabulary

_UNTIL: Final = "until"
_SHUTTING: Final = NEGATIONS | frozenset(
    ["only", "solely", "exclusively", "nobody", "none", "except", "excluding", "unless", _UNTIL, "forbidden"]
)
"""Words of what shuts somebody out."""
_TIMES: Final = frozenset(["date", "time", "day", "week", "month", "year", "hour", "deadline", "season", "term"])
_FAR: Final = 5
"""Words from `until` to the time that it names: `until the last day of term`."""
_SHUTTING_PAIRS: Final = frozenset(
    [
        *(("no", "one"), ("not", "allowed"), ("off", "limits"), ("reserved", "for"), ("reserved", "to")),
        *(("restricted", "to"), ("exclusive", "access"), ("exclusive", "right"), ("exclusive", "to")),
    ]
)


_CHANGES: Final = frozenset({"create", "update", "delete"})


@frozen
class Unread:
    """What is said of who may do what and is not understood: its statement is of all that it may be about."""

    text: str
    statement: Statement | None = None
    """What it closes; None where it shuts out nobody."""
    is_aside: bool = True
    """Whether it says nothing of what there is: `doctors see the appointments of their patients` does."""


@frozen
class Unreadable:
    """Looks at clauses that are not understood."""

    wording: Wording

    def unread(self, clause: Clause) -> Iterator[Unread]:
        form = clause.form
        is_shutting = (
            self._shuts_out(clause)
            or Restrictions(self.wording).people(clause) is not None
            or (form is not None and form.statement.is_restriction)
        )
        if not is_shutting and not (self._permits(clause) if form is None else form.is_permission):
            if form is not None and self._reads_theirs(form):
                yield Unread(self.wording.said(clause.start, clause.end), is_aside=False)
            return
        text = self.wording.said(clause.start, clause.end)
        yield Unread(text, self._closing(clause) if is_shutting else None)

    def _reads_theirs(self, form: Form) -> bool:
        """Whether people read what is of others who are theirs, as in `the appointments of their patients`."""
        is_of_theirs = self.wording.word(form.end) == "of" and self.wording.word(form.end + 1) in OWN
        return is_of_theirs and form.statement.actions == frozenset({"read"})

    def _shuts_out(self, clause: Clause) -> bool:
        words = _without_times(self.wording.words(clause.start, clause.end - clause.start))
        pairs = set(pairwise(words))
        everyone_but = {(word, "but") for word in vocabulary().everyone | {"all"}}
        is_only = not ONLY.isdisjoint(words) and not PERMITTING.isdisjoint(words)
        return (
            is_only
            or not (_SHUTTING | UNCHANGING.keys()).isdisjoint(words)
            or any(word.endswith("-only") for word in words)
            or not pairs.isdisjoint({*_SHUTTING_PAIRS, *everyone_but})
        )

    def _permits(self, clause: Clause) -> bool:
        """Whether it is said of somebody in particular that they may do something."""
        at = next((at for at in range(clause.start, clause.end) if self.wording.word(at) in PERMITTING), None)
        if at is None:
            return False
        if self.wording.word(at + 1) == "be" and self.wording.word(at + 2) not in vocabulary().actions:
            return any(is_person(singular(self.wording.word(place))) for place in range(at, clause.end))
        first = beginning(self.wording, clause.start, at)
        subject = read_subject(self.wording, first)
        if subject is not None and subject.end == at:
            return not subject.is_plain
        if self.wording.word(at) == "may" and self._is_of_unknown(first, at):
            return self.wording.word(at + 1) not in vocabulary().having | {"be"}
        return any(is_person(singular(self.wording.word(place))) for place in range(first, at))

    def _is_of_unknown(self, first: int, at: int) -> bool:
        """Whether nothing but a plural that the vocabulary does not have stands between two positions."""
        table = self.wording.table(self.wording.skip(first, FILLERS))
        is_plural = singular(self.wording.word(at - 1)) != self.wording.word(at - 1)
        return table is not None and table.end == at and table.concept is None and is_plural

    def _closing(self, clause: Clause) -> Statement | None:
        """Return what closes all that a clause may be about; None where that is nothing."""
        form, places = clause.form, range(clause.start, clause.end)
        behind = self._verbs(range(form.end, clause.end)) if form is not None else frozenset[str]()
        actions = form.statement.actions | behind if form is not None else self._actions(clause)
        tables = form.statement.tables if form is not None else self._tables(clause)
        acts = (vocabulary().acts.get(self.wording.word(at)) for at in places)
        tables = (*tables, *(act for act in acts if act is not None)) if tables else tables
        people = (read_subject(self.wording, at) for at in places)
        grants = dict.fromkeys(grant for subject in people if subject is not None for grant in subject.grants)
        roles = tuple(grant for grant in grants if grant.audience is Audience.ROLE)
        is_about = bool(tables) or form is not None
        return Statement(actions, tables, roles, is_closing=True) if actions and is_about else None

    def _actions(self, clause: Clause) -> frozenset[str]:
        """Return what a clause's verbs may mean: all that changes something, of people who do what is not known."""
        places = range(clause.start, clause.end)
        unchanging = [UNCHANGING[word] for word in map(self.wording.word, places) if word in UNCHANGING]
        if unchanging:
            return frozenset[str]().union(*unchanging)
        if not READ_ONLY.isdisjoint(self.wording.words(clause.start, clause.end - clause.start)):
            return _CHANGES
        if any(self._is_limit(at) for at in places):
            return self._verbs(places) | _CHANGES
        firsts = [at + 1 for at in places if self.wording.word(at) in PERMITTING | NEGATIONS]
        if not firsts and Restrictions(self.wording).people(clause) is not None:
            return self._verbs(places) or _CHANGES
        if not firsts:
            only = (read_subject(self.wording, at + 1) for at in places if self.wording.word(at) in ONLY)
            firsts = [subject.end for subject in only if subject is not None]
            if not firsts or self._verbs(places):
                return self._verbs(places)
        firsts = [self.wording.skip(at, PERMITTING | NEGATIONS | ONLY | {"be", "to"}) for at in firsts]
        verbs = frozenset[str]().union(*(Forms(self.wording, vocabulary()).verbs(at)[0] for at in firsts))
        is_of_people = any(is_person(singular(self.wording.word(at))) for at in places)
        is_of_people = is_of_people or Restrictions(self.wording).people(clause) is not None
        changes = _CHANGES if is_of_people else frozenset[str]()
        return verbs or self._verbs(places) or changes

    def _is_limit(self, at: int) -> bool:
        """Whether `can only` begins all that somebody does, and not who does it: `can only be moved by skippers`."""
        words = self.wording.words(at, 3)
        return words[0] in PERMITTING and words[1] in ONLY and words[2] not in {"be", "by"}

    def _verbs(self, places: Iterable[int]) -> frozenset[str]:
        words = [self.wording.word(at) for at in places]
        named = [OPEN_TO[word] for word in words if word in OPEN_TO]
        return frozenset(named) or frozenset[str]().union(*(vocabulary().actions.get(word, ()) for word in words))

    def _tables(self, clause: Clause) -> tuple[str, ...]:
        """Return the tables of which a clause speaks, or else what is spoken of before it."""
        places = range(clause.start, clause.end)
        verb = next((at for at in places if self.wording.word(at) in PERMITTING | NEGATIONS), clause.end)
        people = Restrictions(self.wording).people(clause) or frozenset[int]()
        tables = [
            table.name
            for at in places
            if at not in people
            and (table := self.wording.table(at)) is not None
            and (table.concept is not None or self.wording.word(at) not in vocabulary().stop_words)
            and (not is_person(singular(self.wording.word(at))) or (at > verb and self.wording.word(at - 1) != "by"))
        ]
        before = self.wording.table_before(clause.start)
        return tuple(dict.fromkeys(tables or ([before] if before else [])))


def _without_times(words: Sequence[str]) -> list[str]:
    """Return the words without each `until` behind which a time stands: it is how long something is, and no rule."""
    return [word for at, word in enumerate(words) if word != _UNTIL or _TIMES.isdisjoint(words[at + 1 : at + 1 + _FAR])]
