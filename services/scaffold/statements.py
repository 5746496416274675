"""What a description says of who may do what, such as `only admins create teams` or `anyone can read posts`.

There is no grammar here, either: a statement is a subject, verbs and things in this order (`members of a team see its
projects`), or the other way round (`orders are only seen by staff`), or one word and a thing (`private notes`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import Audience, Grant
from services.scaffold.plurals import singular
from services.scaffold.subjects import read_subject
from services.scaffold.vocabulary import Vocabulary, vocabulary
from services.scaffold.wording import FILLERS, LINKS, OWN, Wording

_LONGEST_LIST: Final = 6
"""Verbs or things that are joined by `and`."""

_ALL: Final = frozenset({"create", "read", "update", "delete"})
_MODALS: Final = frozenset(
    [
        *("can", "may", "could", "must", "should", "shall", "will", "be", "is", "are", "do", "does", "to"),
        *("able", "allowed", "get", "gets", "have", "has"),
    ]
)
_NEGATIONS: Final = frozenset(["cannot", "can't", "not", "never", "mustn't", "don't"])
_EVERYTHING: Final = frozenset(["everything", "anything"])
_CLAUSE_ENDS: Final = frozenset(",.;:!?\n")
_OTHERS: Final = frozenset(["other's", "others", "others'"])
_THEM: Final = frozenset(["it", "them"])
_OPEN_TO: Final = {"visible": "read", "readable": "read", "public": "read", "accessible": "read", "editable": "update"}


@frozen
class Statement:
    actions: frozenset[str]
    tables: tuple[str, ...]
    """None of them means all."""
    grants: tuple[Grant, ...]
    """Whom it lets in; nobody where there are none."""
    text: str = ""
    """As the description has it."""
    is_exclusive: bool = False
    """Whether it keeps out all others."""
    is_denied: bool = False
    """Whether it keeps out those whom the grants name."""
    spares_roles: bool = False
    """Whether it is about users, and not about those with a role."""


def read_statements(description: str) -> list[Statement]:
    """Read a text of any kind. Equal texts give equal statements, in their order."""
    return list(_Reader(Wording.of(description), vocabulary()).statements())


def of_those_who_sign_in(statements: Iterable[Statement], accounts: str | None) -> list[Statement]:
    """Return the statements as they are meant where the rows of a table sign in: all of those, and not a role.

    What is said of them all and neither shuts others out nor is of their own says nothing new.
    """
    if accounts is None:
        return list(statements)
    everyone = Grant(Audience.ROLE, (singular(accounts),))
    meant: list[Statement] = []
    for statement in statements:
        is_of_all = everyone in statement.grants
        grants = tuple(Grant(Audience.SIGNED_IN) if grant == everyone else grant for grant in statement.grants)
        if not is_of_all or statement.is_exclusive or statement.is_denied:
            meant.append(replace(statement, grants=grants))
    return meant


@frozen
class _Reader:
    wording: Wording
    vocabulary: Vocabulary

    def statements(self) -> Iterator[Statement]:
        position = 0
        while position < len(self.wording):
            statement, end = self._statement(position)
            if statement is not None:
                yield replace(statement, text=self.wording.said(position, end))
            position = max(end, position + 1)

    def _statement(self, start: int) -> tuple[Statement | None, int]:
        for read in (self._active, self._passive, self._adjective):
            statement, end = read(start)
            if statement is not None:
                return statement, end
        return None, start

    def _active(self, start: int) -> tuple[Statement | None, int]:
        """Read `only admins can create and delete teams`."""
        is_only = self.wording.word(start) == "only"
        subject = read_subject(self.wording, start + is_only)
        if subject is None:
            return None, start
        at, said = subject.end, set[str]()
        while self.wording.word(at) in _MODALS | _NEGATIONS | {"only"}:
            said.add(self.wording.word(at))
            at += 1
        actions, tables, at, is_own = self._done(at, since=start)
        if not actions or tables is None:
            return None, start
        is_denied = not said.isdisjoint(_NEGATIONS)
        is_only = is_only or "only" in said
        grants = subject.grants
        if is_denied and subject.is_plain and self._is_of_others(subject.end, at):
            is_own, is_denied, is_only = True, False, True
        if is_own and subject.is_plain:
            grants = (Grant(Audience.OWNER),)
        elif grants == (Grant(Audience.SIGNED_IN),) and subject.is_plain and not (is_only or is_denied):
            return None, start
        statement = Statement(
            actions,
            tables,
            grants,
            is_exclusive=is_only or not grants,
            is_denied=is_denied,
            spares_roles=is_own and subject.is_plain,
        )
        return statement, at

    def _passive(self, start: int) -> tuple[Statement | None, int]:
        """Read `orders can only be seen by their customer`, or `posts are visible to everyone`."""
        tables, at, _ = self._things(start, since=start)
        if not tables:
            return None, start
        is_only, first = False, at
        while self.wording.word(at) in _MODALS | {"only"}:
            is_only = is_only or self.wording.word(at) == "only"
            at += 1
        if at == first:
            return None, start
        if self.wording.word(at) in _OPEN_TO | {"private": ""}:
            return self._open_to(start, at, tables, is_only=is_only)
        actions, at = self._verbs(at)
        is_only = is_only or self.wording.word(at) == "only"
        at += self.wording.word(at) == "only"
        subject = read_subject(self.wording, at + 1) if self.wording.word(at) == "by" else None
        if not actions or subject is None:
            return None, start
        return Statement(actions, tables, subject.grants, is_exclusive=is_only), subject.end

    def _open_to(self, start: int, at: int, tables: tuple[str, ...], *, is_only: bool) -> tuple[Statement | None, int]:
        word = self.wording.word(at)
        is_only = is_only or self.wording.word(at + 1) == "only"
        after = at + 1 + (self.wording.word(at + 1) == "only")
        subject = read_subject(self.wording, after + 1) if self.wording.word(after) in {"to", "for", "by"} else None
        if word == "private":
            grants = subject.grants if subject is not None and not subject.is_plain else (Grant(Audience.OWNER),)
            return Statement(_ALL - {"create"}, tables, grants, is_exclusive=True), at + 1
        if subject is None and word != "public":
            return None, start
        grants = subject.grants if subject is not None else (Grant(Audience.PUBLIC),)
        end = subject.end if subject is not None else at + 1
        return Statement(frozenset({_OPEN_TO[word]}), tables, grants, is_exclusive=is_only), end

    def _adjective(self, start: int) -> tuple[Statement | None, int]:
        """Read `private notes` and `public playlists`."""
        word = self.wording.word(start)
        table = self.wording.table(start + 1)
        if word not in {"private", "public"} or table is None:
            return None, start
        name, end = table
        is_private = word == "private"
        grants = (Grant(Audience.OWNER if is_private else Audience.PUBLIC),)
        actions = _ALL - {"create"} if is_private else frozenset({"read"})
        return Statement(actions, (name,), grants, is_exclusive=is_private), end

    def _done(self, at: int, *, since: int) -> tuple[frozenset[str], tuple[str, ...] | None, int, bool]:
        """Read what is done to which tables, and whether to somebody's own; `comment` and `book` say both in a word."""
        act = self.vocabulary.acts.get(self.wording.word(at))
        if act is not None and self.wording.table(self.wording.skip(at + 1, FILLERS)) is None:
            return frozenset({"create"}), (act,), at + 1, False
        actions, at = self._verbs(at)
        if actions and self.wording.word(at) in _CLAUSE_ENDS:
            before = self.wording.table_before(since)
            return actions, (before,) if before else (), at, False
        tables, at, is_own = self._things(at, since=since)
        return actions, tables, at, is_own

    def _verbs(self, at: int) -> tuple[frozenset[str], int]:
        actions: set[str] = set()
        for _ in range(_LONGEST_LIST):
            named = self.vocabulary.actions.get(self.wording.word(at))
            if named is None:
                break
            actions |= named
            at += 1
            if self.wording.word(at) not in LINKS or self.wording.word(at + 1) not in self.vocabulary.actions:
                break
            at += 1
        return frozenset(actions), at

    def _is_of_others(self, start: int, end: int) -> bool:
        """Whether `each other's` or `others'` stands between two positions."""
        return any(self.wording.word(at) in _OTHERS for at in range(start, end))

    def _things(self, at: int, *, since: int) -> tuple[tuple[str, ...] | None, int, bool]:
        """Read tables, none of them for all, and whether they are somebody's own; None where there are none."""
        tables: list[str] = []
        is_own = False
        while self.wording.word(at) in FILLERS | OWN | {"only"}:
            is_own = is_own or self.wording.word(at) in OWN
            at += 1
        if self.wording.word(at) in _EVERYTHING:
            return (), at + 1, is_own
        if self.wording.word(at) in _THEM and (table := self.wording.table_before(since)) is not None:
            return (table,), at + 1, is_own
        for _ in range(_LONGEST_LIST):
            table = self.wording.table(at)
            if table is None:
                break
            tables.append(table[0])
            at = table[1]
            after = self.wording.skip(at + 1, FILLERS | OWN)
            if (
                self.wording.word(at) not in LINKS
                or self.wording.table(after) is None
                or read_subject(self.wording, after) is not None
            ):
                break
            at = after
        return (tuple(tables) or None), at, is_own
