"""The forms that a statement of who may do what has in a description.

There is no grammar here: a statement is a subject, verbs and things in this order (`members of a team see its
projects`), or the other way round (`orders are only seen by staff`), or one word and a thing (`private notes`).
"""

from typing import Final

from msgspec import structs

from services.core.frozen import frozen
from services.designs.schema import Audience, Condition, Grant
from services.scaffold.naming import concept_of
from services.scaffold.plurals import singular
from services.scaffold.subjects import Subject, is_person, read_subject
from services.scaffold.vocabulary import Vocabulary
from services.scaffold.wording import FILLERS, LINKS, LONGEST_SKIP, OWN, Wording

_LONGEST_LIST: Final = 6
"""Verbs or things that are joined by `and`."""

ALL: Final = frozenset({"create", "read", "update", "delete"})
PERMITTING: Final = frozenset(["can", "may", "could", "able", "allowed"])
NEGATIONS: Final = frozenset(["cannot", "can't", "not", "never", "mustn't", "don't", "couldn't", "shouldn't", "won't"])
ONLY: Final = frozenset(["only", "just", "solely", "exclusively", "alone"])
_MODALS: Final = PERMITTING | frozenset(
    [
        *("must", "should", "shall", "will", "be", "is", "are", "do", "does", "to"),
        *("get", "gets", "have", "has", "also", "who"),
    ]
)
_QUANTIFIERS: Final = frozenset(["any", "every", "all", "each"])
_BEFORE_THINGS: Final = FILLERS | OWN | ONLY
_EVERYTHING: Final = frozenset(["everything", "anything"])
CLAUSE_ENDS: Final = frozenset(",.;:!?\n")
_OTHERS: Final = frozenset(["other's", "others", "others'", "else"])
_EXCEPT: Final = frozenset(["except", "excluding", "but"])
_THEM: Final = frozenset(["it", "them"])
_OF_OWNERS: Final = frozenset({"update", "delete"})
"""What users do to their own rows, where nothing says that they do it to any."""
OPEN_TO: Final = {"visible": "read", "readable": "read", "public": "read", "accessible": "read", "editable": "update"}


@frozen
class Statement:
    actions: frozenset[str]
    tables: tuple[str, ...]
    """As the description calls them, until the tables are known; none of them means all."""
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
    is_usual: bool = False
    """Whether it says no more than what users do anyway."""
    is_of_any: bool = False
    """Whether users do it to any row there is."""
    is_closing: bool = False
    """Whether it is not understood, and so keeps out all but owners and those with a role that is not spoken of."""

    @property
    def is_restriction(self) -> bool:
        return self.is_exclusive or self.is_denied or self.is_closing


@frozen
class Form:
    statement: Statement
    end: int
    subject: Subject | None = None
    """Who does it, for what is said of them next."""
    is_permission: bool = False
    """Whether it says that they may, and not just what they do."""
    is_told: bool = False
    """Whether it may as well just say what is done, as in `a donation is made by a donor`."""
    named: tuple[tuple[int, int], ...] = ()
    """Where else than at its beginning it names people, or what it excepts."""

    def people(self, start: int) -> tuple[tuple[int, int], ...]:
        """Return where a form that starts at a position says whom it is about, and what it excepts."""
        return self.named if self.subject is None else ((start, self.subject.end), *self.named)


@frozen
class Forms:
    wording: Wording
    vocabulary: Vocabulary

    def at(self, start: int) -> Form | None:
        """Return the statement that begins at a position."""
        return self._active(start) or self._passive(start) or self._adjective(start)

    def continued(self, start: int, last: Form) -> Form | None:
        """Return what is said next of a subject or of things: `but not delete them`, `but only written by staff`."""
        if last.subject is None:
            tables = last.statement.tables
            return self._done_by(start, start, tables) if last.is_permission and tables else None
        if self.wording.word(start) not in PERMITTING | NEGATIONS | ONLY:
            return None
        return self._of(last.subject, start, start, is_only=False)

    def _active(self, start: int) -> Form | None:
        """Read `only admins can create and delete teams`."""
        is_only = self.wording.word(start) in ONLY
        subject = read_subject(self.wording, start + is_only)
        return None if subject is None else self._of(subject, subject.end, start, is_only=is_only or subject.is_only)

    def _of(self, subject: Subject, at: int, start: int, *, is_only: bool) -> Form | None:
        first, said = at, set[str]()
        if self.wording.word(at) == "who" and self.wording.word(at + 1) not in PERMITTING:
            return None
        end = self.wording.skip(at, _MODALS | NEGATIONS | ONLY)
        said.update(self.wording.words(at, end - at))
        at = end
        if "do" in said and self.wording.word(at) in _EVERYTHING:
            actions, tables, at, is_own = ALL, (), at + 1, False
        else:
            actions, tables, at, is_own = self._done(at, since=start)
        if not actions or tables is None:
            return None
        is_denied = not said.isdisjoint(NEGATIONS)
        is_only = is_only or not said.isdisjoint(ONLY)
        is_of_others, at = self._of_others(first, at)
        if is_denied and subject.is_plain and is_of_others:
            is_own, is_denied, is_only = True, False, True
        at += self.wording.word(at) in ONLY
        is_only = is_only or any(self.wording.word(place) in ONLY for place in range(first, at))
        is_of_any = not is_own and (is_of_others or self._is_of_any(first, at))
        is_owners = is_own and subject.is_plain
        grants = (Grant(Audience.OWNER),) if is_owners else subject.grants
        is_of_users = grants == (Grant(Audience.SIGNED_IN),) and not (is_only or is_denied or is_of_any)
        actions = actions - _OF_OWNERS if is_of_users else actions
        statement = Statement(
            actions,
            tables,
            grants,
            is_exclusive=(is_only or not grants) and not is_denied,
            is_denied=is_denied,
            spares_roles=is_owners,
            is_usual=is_of_users and (subject.is_plain or not actions),
            is_of_any=is_of_any,
        )
        return Form(statement, at, subject, is_permission=not said.isdisjoint(PERMITTING | NEGATIONS | ONLY))

    def _passive(self, start: int) -> Form | None:
        """Read `orders can only be seen by their customer`, or `posts are visible to everyone`."""
        tables, at, _ = self._things(start, since=start)
        if not tables:
            return None
        modals = self.wording.skip(at, _MODALS | NEGATIONS | ONLY)
        if modals == at:
            return None
        is_said = self.wording.words(at, modals - at) != ("to",)
        if is_said and self.wording.word(modals) in OPEN_TO | {"private": ""}:
            is_denied = any(self.wording.word(place) in NEGATIONS for place in range(at, modals))
            is_only = any(self.wording.word(place) in ONLY for place in range(at, modals))
            return None if is_denied else self._open_to(modals, tables, is_only=is_only)
        return self._done_by(at, modals, tables)

    def _done_by(self, start: int, at: int, tables: tuple[str, ...]) -> Form | None:
        """Read `can only be seen by their customer` of tables, and `can't be deleted`."""
        at = self.wording.skip(at, _MODALS | NEGATIONS | ONLY)
        actions, at = self.verbs(at)
        at += self.wording.word(at) in ONLY
        said = {self.wording.word(place) for place in range(start, at)}
        is_denied = not said.isdisjoint(NEGATIONS)
        subject = read_subject(self.wording, at + 1) if self.wording.word(at) == "by" else None
        if not actions or (subject is None and not (is_denied and self.wording.word(at) in CLAUSE_ENDS)):
            return None
        if subject is None:
            return Form(Statement(actions, tables, (), is_exclusive=True), at, is_permission=True)
        is_alone = self.wording.word(subject.end) in ONLY
        is_only = (is_alone or subject.is_only or not said.isdisjoint(ONLY)) and not is_denied
        is_told = said.isdisjoint(PERMITTING | NEGATIONS | ONLY) and not is_only
        statement = Statement(actions, tables, subject.grants, is_exclusive=is_only, is_denied=is_denied)
        named = ((at, subject.end),)
        return Form(statement, subject.end + is_alone, is_permission=True, is_told=is_told, named=named)

    def _open_to(self, at: int, tables: tuple[str, ...], *, is_only: bool) -> Form | None:
        word = self.wording.word(at)
        is_only = is_only or self.wording.word(at + 1) in ONLY
        after = at + 1 + (self.wording.word(at + 1) in ONLY)
        subject = read_subject(self.wording, after + 1) if self.wording.word(after) in {"to", "for", "by"} else None
        if word == "private":
            grants = subject.grants if subject is not None and not subject.is_plain else (Grant(Audience.OWNER),)
            statement = Statement(ALL - {"create"}, tables, grants, is_exclusive=True)
            return Form(statement, subject.end if subject is not None else at + 1, is_permission=True)
        if subject is None and word != "public":
            return None
        grants = subject.grants if subject is not None else (Grant(Audience.PUBLIC),)
        end = subject.end if subject is not None else at + 1
        is_alone = self.wording.word(end) in ONLY
        grants, last = self._but_hidden(end + is_alone, tables, grants)
        statement = Statement(frozenset({OPEN_TO[word]}), tables, grants, is_exclusive=is_only or is_alone)
        return Form(statement, last, is_permission=True, named=((at + 1, last),) if last > at + 1 else ())

    def _but_hidden(self, at: int, tables: tuple[str, ...], grants: tuple[Grant, ...]) -> tuple[tuple[Grant, ...], int]:
        """Read `except drafts` of what is shown once it is published: as it is for others than its owners anyway."""
        entity = self.vocabulary.entities.get(concept_of(tables[0]))
        if self.wording.word(at) not in _EXCEPT or entity is None or entity.shown is None:
            return grants, at
        name, value = entity.shown
        rules = next((field.rules for field in entity.fields if field.name == name), None)
        hidden = singular(self.wording.word(at + 1))
        if rules is None or len(tables) > 1 or hidden == value or hidden not in rules.values:
            return grants, at
        return tuple(structs.replace(grant, when=Condition(name, value)) for grant in grants), at + 2

    def _adjective(self, start: int) -> Form | None:
        """Read `private notes` and `public playlists`."""
        word = self.wording.word(start)
        table = self.wording.table(start + 1)
        if word not in {"private", "public"} or table is None:
            return None
        is_private = word == "private"
        grants = (Grant(Audience.OWNER if is_private else Audience.PUBLIC),)
        actions = ALL - {"create"} if is_private else frozenset({"read"})
        return Form(Statement(actions, (table.name,), grants, is_exclusive=is_private), table.end)

    def _done(self, at: int, *, since: int) -> tuple[frozenset[str], tuple[str, ...] | None, int, bool]:
        """Read what is done to which tables, and whether to somebody's own; `comment` and `book` say both in a word."""
        act = self.vocabulary.acts.get(self.wording.word(at))
        if act is not None and self.wording.table(self.wording.skip(at + 1, FILLERS)) is None:
            return frozenset({"create"}), (act,), at + 1, False
        actions, at = self.verbs(at)
        if actions and self.wording.word(at) in CLAUSE_ENDS:
            before = self.wording.table_before(since)
            return actions, (before,) if before else (), at, False
        tables, at, is_own = self._things(at, since=since)
        return actions, tables, at, is_own

    def verbs(self, at: int) -> tuple[frozenset[str], int]:
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

    def _of_others(self, start: int, end: int) -> tuple[bool, int]:
        """Return whether `each other's` or a following `of others` says whose things are, and where it ends."""
        if any(self.wording.word(at) in _OTHERS or self._is_of_other(at) for at in range(start, end)):
            return True, end
        if self.wording.words(end, 2) == ("of", "others"):
            return True, end + 2
        is_of_person = self.wording.word(end) == "of" and self.wording.word(end + 1) in {"other", "another"}
        is_of_person = is_of_person and is_person(singular(self.wording.word(end + 2)))
        return is_of_person, end + 3 if is_of_person else end

    def _is_of_other(self, at: int) -> bool:
        """Whether it is the `users'` of `other users' posts` that stands at a position."""
        word = self.wording.word(at)
        is_possessive = word.endswith(("'", "'s")) and self.wording.word(at - 1) in {"other", "another"}
        return is_possessive and is_person(singular(word.removesuffix("s").removesuffix("'")))

    def _is_of_any(self, start: int, end: int) -> bool:
        """Whether `any` or `all` stands between two positions, before what is spoken of."""
        return any(self.wording.word(at) in _QUANTIFIERS for at in range(start, end))

    def _things(self, at: int, *, since: int) -> tuple[tuple[str, ...] | None, int, bool]:
        """Read tables, none of them for all, and whether they are somebody's own; None where there are none."""
        tables: list[str] = []
        is_own = False
        for _ in range(LONGEST_SKIP):
            if self.wording.word(at) not in _BEFORE_THINGS and not self._is_of_other(at):
                break
            is_own = is_own or self.wording.word(at) in OWN
            at += 1
        if self.wording.word(at) in _EVERYTHING:
            return (), at + 1, is_own
        if self.wording.word(at) in _THEM and (table := self.wording.table_before(since)) is not None:
            return (table,), at + 1, is_own
        if is_own and self.wording.word(at) in CLAUSE_ENDS and (table := self.wording.table_before(since)) is not None:
            return (table,), at, is_own
        for _ in range(_LONGEST_LIST):
            table = self.wording.table(at)
            if table is None:
                break
            tables.append(table.name)
            at = table.end
            after = self.wording.skip(at + 1, FILLERS | OWN)
            if (
                self.wording.word(at) not in LINKS
                or self.wording.table(after) is None
                or read_subject(self.wording, after) is not None
            ):
                break
            at = after
        return (tuple(tables) or None), at, is_own
