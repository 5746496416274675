"""The forms that a statement of who may do what has in a description.

There is no grammar here: a statement is a subject, verbs and things in this order (`members of a team see its
projects`), or the other way round (`orders are only seen by staff`), or one word and a thing (`private notes`).
"""

from dataclasses import replace
from itertools import pairwise
from typing import Final

from msgspec import structs

from services.core.frozen import frozen
from services.designs.schema import Audience, Condition, Grant
from services.scaffold.naming import concept_of
from services.scaffold.plurals import singular
from services.scaffold.rights.others import is_of_other, of_others
from services.scaffold.rights.statement import IS_PUBLIC, Form, Statement, changes_of_all, shut_out
from services.scaffold.rights.strangers import after_no_account, is_somebodys, listed
from services.scaffold.rights.subjects import ALL_PEOPLE, Subject, read_subject
from services.scaffold.rights.unchanging import UNCHANGING, after_ever, after_forbidden, staying_at
from services.scaffold.rights.wording import FILLERS, LINKS, LONGEST_SKIP, OWN, WHOLE, Wording
from services.scaffold.vocabulary import Vocabulary

_LONGEST_LIST: Final = 6
"""Verbs or things that are joined by `and`."""

ALL: Final = frozenset({"create", "read", "update", "delete"})
PERMITTING: Final = frozenset(["can", "may", "could", "able", "allowed"])
NEGATIONS: Final = frozenset(["cannot", "can't", "not", "never", "mustn't", "don't", "couldn't", "shouldn't", "won't"])
ONLY: Final = frozenset(["only", "just", "solely", "exclusively", "alone"])
_MODALS: Final = PERMITTING | frozenset(
    [
        *("must", "should", "shall", "will", "be", "is", "are", "do", "does", "to"),
        *("get", "gets", "have", "has", "also", "who", "stay", "stays", "remain", "remains", "kept", "else", "ever"),
    ]
)
_QUANTIFIERS: Final = frozenset(["any", "every", "all", "each"])
_BEFORE_THINGS: Final = FILLERS | OWN | ONLY
_EVERYTHING: Final = frozenset(["everything", "anything"])
CLAUSE_ENDS: Final = frozenset(",.;:!?\n")
_EXCEPT: Final = frozenset(["except", "excluding", "but"])
_THEM: Final = frozenset(["it", "them"])
_OF_OWNERS: Final = frozenset({"update", "delete"})
"""What users do to their own rows, where nothing says that they do it to any."""
OPEN_TO: Final = {
    **dict.fromkeys(["visible", "readable", "viewable", "browsable", "public", "accessible", "available"], "read"),
    **dict.fromkeys(["open", "free"], "read"),
    "editable": "update",
}
PRIVATE: Final = frozenset(["private", "confidential", "secret", "hidden"])
READ_ONLY: Final = frozenset(["read-only", "readonly", "view-only"])
_CHANGES: Final = frozenset({"create", "update", "delete"})
_ALL_WHO_SIGN_IN: Final = ALL_PEOPLE | {"others"}
"""Who are those who sign in, where it is said what is all that they do."""
_STRANGERS: Final = (Grant(Audience.PUBLIC),)


def _is_of_reading(statement: Statement) -> bool:
    return statement.actions == frozenset({"read"}) and not statement.is_restriction


@frozen
class Forms:
    wording: Wording
    vocabulary: Vocabulary

    def at(self, start: int) -> Form | None:
        """Return the statement that begins at a position."""
        first = self.wording.skip(start, FILLERS)
        if listed(self.wording, first) is not None:
            return self._public_list(first)
        form = (
            (None if self._is_quality(start) else self._active(start))
            or self._passive(start)
            or self._adjective(start)
            or self._staying(first)
        )
        return None if form is None else self._without_account(form)

    def _is_quality(self, at: int) -> bool:
        """Whether a word is `public` of `public posts`, and not the public, who post."""
        is_the = at > 0 and self.wording.word(at - 1) == "the"
        return self.wording.word(at) == "public" and self.wording.table(at + 1) is not None and not is_the

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
        if self.wording.word(start) == "others":
            others = Subject((Grant(Audience.SIGNED_IN),), start + 1, is_plain=True)
            return self._access(others, start + 1, self.wording.skip(start + 1, _MODALS))
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
            return self._access(subject, first, end)
        is_denied = not said.isdisjoint(NEGATIONS)
        if is_denied and self.wording.word(subject.end - 1) in ALL_PEOPLE:
            subject, is_denied = replace(subject, grants=()), False
        actions = changes_of_all(actions, tables) if is_only or is_denied or not subject.grants else actions
        is_limit = not (is_only or is_own or is_denied or subject.is_only) and self._is_limit(first, end)
        is_only = is_only or (not said.isdisjoint(ONLY) and not is_limit)
        is_of_others, at = of_others(self.wording, first, at)
        if is_denied and subject.is_plain and is_of_others:
            is_own, is_denied, is_only = True, False, True
        at += self.wording.word(at) in ONLY
        is_only = is_only or (not is_limit and any(self.wording.word(place) in ONLY for place in range(first, at)))
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
            is_of_served=subject.is_served and actions == frozenset({"read"}) and not is_of_any,
        )
        if "else" in said and (is_denied or not grants):
            statement = Statement(actions, tables, (), is_closing=True)
        is_permission = not said.isdisjoint(PERMITTING | NEGATIONS | ONLY)
        is_named = any(self.wording.table(place) is not None for place in range(end, at))
        also = (shut_out(subject.grants, _CHANGES - actions, tables if is_named else ()),) if is_limit else ()
        return Form(statement, at, subject, is_permission=is_permission, also=also)

    def _is_limit(self, start: int, end: int) -> bool:
        """Whether `can only` says of people what is all that they do, and not who alone does it."""
        words = self.wording.words(start, end - start)
        return any(word in PERMITTING and after in ONLY for word, after in pairwise(words))

    def _access(self, subject: Subject, start: int, at: int) -> Form | None:
        """Read `guests are read-only`, `everyone else has read access to books` and `admins have full access`."""
        words = self.wording.words(at, 2)
        is_access = words in {("read", "access"), ("full", "access")} or (
            words[0] in READ_ONLY and words[1] == "access"
        )
        if at == start or not (is_access or words[0] in READ_ONLY):
            return None
        tables, end = self._of_what(at + 1 + is_access)
        if words[0] == "full":
            return Form(Statement(ALL, tables, subject.grants, is_of_any=True), end, subject, is_permission=True)
        grants, named = self._limited(subject), ((at, end),)
        closing = shut_out(grants, _CHANGES, tables)
        if not tables:
            return Form(closing, end, subject, is_permission=True, named=named)
        reading = Statement(frozenset({"read"}), tables, grants, is_of_any=True)
        return Form(reading, end, subject, is_permission=True, also=(closing,), named=((at, at + 1 + is_access),))

    def _limited(self, subject: Subject) -> tuple[Grant, ...]:
        """Return whom something is all that they do: all who sign in, where it is everyone, or everyone else."""
        is_of_all = self.wording.word(subject.end - 1) in _ALL_WHO_SIGN_IN
        return (Grant(Audience.SIGNED_IN),) if is_of_all else subject.grants

    def _of_what(self, at: int) -> tuple[tuple[str, ...], int]:
        """Read `to books` behind what somebody has; all, where nothing is said."""
        if self.wording.word(at) not in {"to", "on", "over"}:
            return (), at
        tables, end, _ = self._things(at + 1, since=at)
        return (tables, end) if tables is not None else ((), at)

    def _without_account(self, form: Form) -> Form:
        """Return a form with strangers as those who do it, where it says behind that nobody need sign in for that."""
        end = after_no_account(self.wording, form.end)
        if end == form.end or form.statement.is_restriction:
            return form
        statement = replace(form.statement, grants=_STRANGERS, is_usual=False)
        return replace(form, statement=statement, end=end, is_permission=True)

    def _passive(self, start: int) -> Form | None:
        """Read `orders can only be seen by their customer`, or `posts are visible to everyone`."""
        tables, at, _ = self._things(start, since=start)
        if not tables:
            return None
        modals = self.wording.skip(at, _MODALS | NEGATIONS | ONLY | {"publicly"})
        if self.wording.word(modals + (self.wording.word(modals) == ",")) in READ_ONLY:
            return self._read_only(modals + (self.wording.word(modals) == ","), tables)
        if modals == at:
            return None
        if self.wording.word(modals) in UNCHANGING:
            stays = Statement(UNCHANGING[self.wording.word(modals)], tables, (), is_exclusive=True)
            return Form(stays, modals + 1, is_permission=True)
        is_said = self.wording.words(at, modals - at) != ("to",)
        if is_said and self.wording.word(modals) in OPEN_TO.keys() | PRIVATE:
            is_denied = any(self.wording.word(place) in NEGATIONS for place in range(at, modals))
            is_only = any(self.wording.word(place) in ONLY for place in range(at, modals))
            return None if is_denied else self._open_to(modals, tables, is_only=is_only)
        return self._done_by(at, modals, tables)

    def _read_only(self, at: int, tables: tuple[str, ...]) -> Form | None:
        """Read `books are read-only for guests`, and `read-only` alone: nobody changes them."""
        if self.wording.word(at + 1) not in {"for", "to"}:
            is_last = self.wording.word(at + 1) in CLAUSE_ENDS
            return (
                Form(Statement(_CHANGES, tables, (), is_exclusive=True), at + 1, is_permission=True)
                if is_last
                else None
            )
        subject = read_subject(self.wording, at + 2)
        if subject is None or not subject.grants:
            return None
        grants = self._limited(subject)
        also = (shut_out(grants, _CHANGES, tables),)
        statement = Statement(frozenset({"read"}), tables, grants, is_of_served=self._is_served(subject, at))
        return Form(statement, subject.end, is_permission=True, also=also, named=((at + 1, subject.end),))

    def _done_by(self, start: int, at: int, tables: tuple[str, ...]) -> Form | None:
        """Read `can only be seen by their customer` of tables, and `can't be deleted`."""
        at = self.wording.skip(at, _MODALS | NEGATIONS | ONLY)
        actions, at = self.verbs(at)
        at += self.wording.word(at) in ONLY
        said = {self.wording.word(place) for place in range(start, at)}
        is_denied = not said.isdisjoint(NEGATIONS | {"nothing"})
        is_by = self.wording.word(at) == "by"
        subject = read_subject(self.wording, at + 1, is_denied=is_denied) if is_by else None
        is_denied = is_denied and not (subject is not None and subject.is_only)
        actions = changes_of_all(actions, tables) if is_denied else actions
        if actions and not is_denied and after_no_account(self.wording, at) > at:
            return Form(Statement(actions, tables, _STRANGERS), at, is_permission=True)
        end = after_ever(self.wording, at)
        if not actions or (subject is None and not (is_denied and self.wording.word(end) in CLAUSE_ENDS)):
            return None
        if subject is None:
            return Form(Statement(actions, tables, (), is_exclusive=True), end, is_permission=True)
        is_alone = self.wording.word(subject.end) in ONLY
        is_only = (is_alone or subject.is_only or not said.isdisjoint(ONLY)) and not is_denied
        is_told = said.isdisjoint(PERMITTING | NEGATIONS | ONLY) and not is_only
        is_usual = is_told and subject.grants == (Grant(Audience.SIGNED_IN),)
        is_of_none = not subject.grants or (is_denied and self.wording.word(subject.end - 1) in ALL_PEOPLE)
        statement = Statement(
            actions, tables, subject.grants, is_exclusive=is_only, is_denied=is_denied, is_usual=is_usual
        )
        statement = Statement(actions, tables, (), is_exclusive=True) if is_of_none else statement
        named = ((at, subject.end),)
        return Form(statement, subject.end + is_alone, is_permission=True, is_told=is_told, named=named)

    def _open_to(self, at: int, tables: tuple[str, ...], *, is_only: bool) -> Form | None:
        word = self.wording.word(at)
        is_only = is_only or self.wording.word(at + 1) in ONLY
        after = at + 1 + (self.wording.word(at + 1) in ONLY)
        subject = read_subject(self.wording, after + 1) if self.wording.word(after) in {"to", "for", "by"} else None
        if word in PRIVATE:
            if self.wording.word(after) == "from":
                return None
            grants = subject.grants if subject is not None and not subject.is_plain else (Grant(Audience.OWNER),)
            statement = Statement(ALL - {"create"}, tables, grants, is_exclusive=True)
            return Form(statement, subject.end if subject is not None else at + 1, is_permission=True)
        is_public = word == "public" or self.wording.word(at - 1) == "publicly"
        if subject is None and not is_public:
            return None
        grants = subject.grants if subject is not None else (Grant(Audience.PUBLIC),)
        end = subject.end if subject is not None else at + 1
        is_alone = self.wording.word(end) in ONLY
        grants, last = self._but_hidden(end + is_alone, tables, grants)
        is_of_served = subject is not None and OPEN_TO[word] == "read" and self._is_served(subject, at)
        statement = Statement(
            frozenset({OPEN_TO[word]}), tables, grants, is_exclusive=is_only or is_alone, is_of_served=is_of_served
        )
        return Form(statement, last, is_permission=True, named=((at + 1, last),) if last > at + 1 else ())

    def _is_served(self, subject: Subject, at: int) -> bool:
        """Whether rows are for those whom they are about, and not for all of them: `visible to customers`."""
        return subject.is_served and not self._is_of_any(at, subject.end)

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

    def _staying(self, start: int) -> Form | None:
        """Read `an append-only log of events`, `deleting posts is not possible` and `nothing can be deleted`."""
        if self.wording.word(start) == "nothing":
            return self._done_by(start, start + 1, ())
        staying = staying_at(self.wording, start)
        if staying is None:
            return None
        tables, at, _ = self._things(staying.things, since=start)
        end = at if staying.is_said else after_forbidden(self.wording, at)
        if tables is None or (end == at and not staying.is_said):
            return None
        actions = changes_of_all(staying.actions, tables)
        return Form(Statement(actions, tables, (), is_exclusive=True), end, is_permission=not staying.is_said)

    def _adjective(self, start: int) -> Form | None:
        """Read `private notes`, and `public playlists`, which are some of them: those that their owner shows."""
        word = self.wording.word(start)
        table = self.wording.table(start + 1)
        if word not in {"private", "public"} or table is None:
            return None
        if word == "private":
            return Form(
                Statement(ALL - {"create"}, (table.name,), (Grant(Audience.OWNER),), is_exclusive=True), table.end
            )
        told = self._passive(start + 1)
        is_shown = told is not None and _is_of_reading(told.statement)
        grants, end = (told.statement.grants, told.end) if told is not None and is_shown else (_STRANGERS, table.end)
        some = tuple(structs.replace(grant, when=Condition(IS_PUBLIC, equals=True)) for grant in grants)
        return Form(Statement(frozenset({"read"}), (table.name,), some), end)

    def _public_list(self, start: int) -> Form | None:
        """Read `public catalogue of tools` and `public API for books and films`: of things, and of nobody's."""
        first = listed(self.wording, start)
        if first is None:
            return None
        tables, end, _ = self._things(first, since=start)
        shown = tuple(name for name in tables or () if not is_somebodys(name))
        return Form(Statement(frozenset({"read"}), shown, _STRANGERS), end) if shown else None

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

    def _is_of_any(self, start: int, end: int) -> bool:
        """Whether `any` or `all` stands between two positions, before what is spoken of."""
        return any(self.wording.word(at) in _QUANTIFIERS for at in range(start, end))

    def _things(self, at: int, *, since: int) -> tuple[tuple[str, ...] | None, int, bool]:
        """Read tables, none of them for all, and whether they are somebody's own; None where there are none."""
        tables: list[str] = []
        is_own = False
        for _ in range(LONGEST_SKIP):
            if self.wording.word(at) not in _BEFORE_THINGS and not is_of_other(self.wording, at):
                break
            is_own = is_own or self.wording.word(at) in OWN
            at += 1
        if (is_whole := self.wording.is_whole(at)) or self.wording.word(at) in _EVERYTHING:
            return ((WHOLE,) if is_whole else ()), at + 1, is_own
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
