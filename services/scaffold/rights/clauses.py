"""The clauses of a description: those that are a statement on who may do what as a whole, and what is beside those.

A statement is a part of a clause, and no whole one, where it has an adjective before its subject (`banned users`), or a
limit behind its things (`after a week`).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from services.core.frozen import frozen
from services.scaffold.plurals import singular
from services.scaffold.rights.statement import Form
from services.scaffold.rights.statement_forms import ONLY, Forms
from services.scaffold.rights.subjects import is_person
from services.scaffold.rights.unchanging import UNCHANGING, after_ever
from services.scaffold.rights.wording import FILLERS, Wording
from services.scaffold.vocabulary import vocabulary

_SENTENCE_ENDS: Final = frozenset(".;:!?\n")
_JOINTS: Final = frozenset([",", "and", "or", "but"])
_OPENINGS: Final = frozenset(
    [
        *("where", "while", "whereas", "although", "though", "however", "because", "since", "so"),
        *("that", "which", "then", "ensure", "sure", "help", "helps", "let", "lets"),
        *("allow", "allows", "want", "also", "please", "but", "with", "has", "have"),
    ]
)
"""Words after which something new is said."""
_CUTS: Final = frozenset([",", "but", "where", "while", "whereas"])
_PRONOUNS: Final = frozenset([*ONLY, "no", "nobody", "none", "anyone", "anybody", "everyone", "everybody"])
"""How a subject begins of which nothing more can be said in front."""
_LIMITS: Final = frozenset(
    [
        *("after", "within", "before", "unless", "except", "excluding", "if", "when", "whenever"),
        *("until", "during", "once", "without", "as", "since", "than", "not", "never"),
        *("because", "provided"),
        *ONLY,
    ]
)
_BUT_FOR: Final = frozenset(["all", "nobody", "none", "one"])
_WHERE: Final = frozenset(["on", "to", "in", "at", "from", "for"])
"""Words before a table of which the things are parts, which says nothing more."""
_AFTERTHOUGHTS: Final = frozenset(["too", "also", "themselves", "freely", "anytime", "please", "online", "again"])
_ALMOST: Final = frozenset(["not", "almost", "nearly", "without", "no", "non", "if", "unless", "except"])


@frozen
class Clause:
    """Tokens from one position to before another, and the form that they are, or that is a part of them."""

    start: int
    end: int
    form: Form | None = None
    is_whole: bool = False


@frozen
class Clauses:
    """Reads the clauses of a text in their order."""

    wording: Wording

    def __iter__(self) -> Iterator[Clause]:
        return (clause for start, end in self._sentences() for clause in self._clauses(start, end))

    def _sentences(self) -> Iterator[tuple[int, int]]:
        start = 0
        for at in range(len(self.wording) + 1):
            if self.wording.word(at) in _SENTENCE_ENDS:
                yield start, at
                start = at + 1

    def _clauses(self, start: int, end: int) -> Iterator[Clause]:
        """Yield the clauses of a sentence: those that are a statement as a whole, and what is between them."""
        left, at, last = start, start, None
        while at < end:
            form = self._form(left, at, end, last)
            if form is None:
                at += 1
            elif self._is_new(left, at) and self._is_whole(form, end):
                yield from self._pieces(left, at)
                yield Clause(at, form.end, form, is_whole=True)
                left, at, last = self._past(form.end), max(self._past(form.end), at + 1), form
            else:
                first, after = beginning(self.wording, left, at), self._ending(form.end, end)
                yield from self._pieces(left, first)
                yield Clause(first, after, form)
                left, at, last = after, after, None
        yield from self._pieces(left, end)

    def _form(self, left: int, at: int, end: int, last: Form | None) -> Form | None:
        form = self._forms.at(at)
        if (
            form is None
            and last is not None
            and left < at
            and all(self.wording.word(one) in _JOINTS for one in range(left, at))
        ):
            form = self._forms.continued(at, last)
        return form if form is not None and at < form.end <= end else None

    @property
    def _forms(self) -> Forms:
        return Forms(self.wording, vocabulary())

    def _pieces(self, start: int, end: int) -> Iterator[Clause]:
        """Yield what stands between statements, cut where something new is said."""
        first = start
        for at in range(start, end + 1):
            if at == end or (self.wording.word(at) in _CUTS and _opens(self.wording, at) and not self._is_in_list(at)):
                if first < at:
                    yield Clause(first, at)
                first = at if at < end and self.wording.word(at) != "," else at + 1

    def _is_in_list(self, at: int) -> bool:
        """Whether a comma stands between things of a kind, as in `create, change and delete` and `songs, concerts`."""
        before, after = at - 1, self.wording.skip(at + 1, _JOINTS)
        are_verbs = {self.wording.word(before), self.wording.word(after)} <= vocabulary().actions.keys()
        named = [self.wording.table(place) for place in (before, after)]
        kinds = {"." in table.name for table in named if table is not None}
        are_alike = None not in named and len(kinds) == 1
        return self.wording.word(at) == "," and (are_verbs or are_alike)

    def _ending(self, at: int, end: int) -> int:
        """Return where the clause ends of which something ends at a position: before what is another, if any is."""
        for place in range(at, end):
            if self.wording.word(place) in _JOINTS | _OPENINGS and self._is_another(place + 1):
                return place
        return end

    def _is_another(self, at: int) -> bool:
        """Whether a statement begins at a position, and no limit to the one before."""
        return self._forms.at(at) is not None

    def _is_new(self, left: int, at: int) -> bool:
        """Whether nothing before a statement belongs to it, as `banned` does in `banned users can't post`."""
        before = self.wording.word(at - 1) if at > left else ","
        if before == "but" and not _opens(self.wording, at - 1):
            return False
        if self.wording.word(at) in _PRONOUNS | UNCHANGING.keys() | {"private", "public"}:
            return before not in _ALMOST
        words = [self.wording.word(place) for place in range(beginning(self.wording, left, at), at)]
        words = [word for word in words if word not in FILLERS]
        return not words or (words[-1] in _JOINTS and not self._are_people(words))

    def _are_people(self, words: Sequence[str]) -> bool:
        """Whether words can be the first on a list of people: `only`, or nouns that do not name what is described."""
        nouns = [word for word in words if word not in _JOINTS]
        lexicon = vocabulary()
        if not ONLY.isdisjoint(nouns):
            return True
        are_nouns = not any(word in lexicon.stop_words for word in nouns)
        known = [lexicon.phrases.get((singular(word),)) for word in nouns]
        return are_nouns and any(
            name is None or is_person(singular(word)) for word, name in zip(nouns, known, strict=True)
        )

    def _is_whole(self, form: Form, end: int) -> bool:
        """Whether nothing stands behind a statement that limits it."""
        at = self._past(form.end)
        word = self.wording.word(at)
        if at >= end:
            return True
        if form.subject is None and not form.is_permission:
            return word not in _LIMITS | {"of"}
        if word not in _JOINTS | _OPENINGS:
            return False
        after = self.wording.skip(at, _JOINTS | {"also"})
        if self._forms.at(after) is not None or self._forms.continued(after, form) is not None:
            return True
        return word not in _LIMITS and self.wording.word(after) not in _LIMITS

    def _past(self, at: int) -> int:
        """Return the position after what is said behind a statement and changes nothing about it."""
        at = after_ever(self.wording, self._after_parts(at))
        at += 2 * (self.wording.words(at, 2) == ("by", "default"))
        return self.wording.skip(at, _AFTERTHOUGHTS)

    def _after_parts(self, at: int) -> int:
        """Return the position after the tables that things are parts of, as in `comments on posts`."""
        if self.wording.word(at) not in _WHERE:
            return at
        first = self.wording.skip(at + 1, FILLERS)
        table = self.wording.table(first)
        is_thing = table is not None and table.concept is not None and not is_person(singular(self.wording.word(first)))
        return table.end if table is not None and is_thing else at


def beginning(wording: Wording, left: int, at: int) -> int:
    """Return where the clause begins that has something at a position, and no earlier than `left`."""
    return next((place + 1 for place in range(at - 1, left - 1, -1) if _opens(wording, place)), left)


def _opens(wording: Wording, at: int) -> bool:
    """Whether something new is said after a word: not after the `but` of `everybody but guests`, or `nobody but us`."""
    is_exception = wording.word(at) == "but" and wording.word(at - 1) in vocabulary().everyone | _BUT_FOR
    return wording.word(at) in _OPENINGS | {","} and not is_exception
