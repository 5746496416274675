"""What a description says of who may do what, such as `only admins create teams` or `anyone can read posts`.

A statement counts where all of its clause is understood: with an adjective before its subject, or a limit behind its
things, it says something else. What is not understood opens nothing; where it shuts somebody out, what it speaks of is
closed to all but owners and those with a role, as that is the side on which to be wrong.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import Audience, Grant
from services.scaffold.naming import meant_by
from services.scaffold.plurals import plural, singular
from services.scaffold.rights.clauses import Clause, Clauses
from services.scaffold.rights.statement import Form, Statement, of_whole
from services.scaffold.rights.unread import Unread, Unreadable
from services.scaffold.rights.wording import FILLERS, WHOLE, Names, Wording
from services.scaffold.roles import ADMIN
from services.scaffold.vocabulary import vocabulary

_NO_NAMES: Final = Names()
_ADMINS: Final = (Grant(Audience.ROLE, (ADMIN,)),)
_MEMBERS: Final = "members"
"""Of a team: what is said of them is said of the rows that put them there."""


@frozen
class Rules:
    statements: tuple[Statement, ...] = ()
    unread: tuple[Unread, ...] = ()
    aside: tuple[tuple[int, int], ...] = ()
    """Where a text names whom a rule is about, and where it is not understood, by characters: no tables are there."""
    usual: tuple[Statement, ...] = ()
    """What users do anyway, and is said nevertheless: `users write posts`."""
    makers: tuple[str, ...] = ()
    """Tables of people by whom rows are made, as it is told."""
    limits: tuple[tuple[int, int], ...] = ()
    """Where what is understood stands in the text, and shuts somebody out, by characters."""
    of_rows: tuple[tuple[int, int], ...] = ()
    """Where it is said who does something to rows that there are, by characters."""
    of_fields: tuple[tuple[int, int], ...] = ()
    """Where such a rule is about fields: it names no table."""

    @property
    def all(self) -> list[Statement]:
        """What is understood, and then what is closed since it is not."""
        return [*self.statements, *(one.statement for one in self.unread if one.statement is not None)]


@lru_cache(maxsize=8)
def read_rules(description: str, names: Names = _NO_NAMES) -> Rules:
    """Read a text of any kind, of which some names of tables and fields are known. Equal texts give equal rules.

    What is created is a row, and no field: `only teachers write grades`.
    """
    rules = _Reader(Wording.of(description, names)).rules()
    rows = {
        tuple(map(singular, field.split("_")))
        for statement in rules.all
        for _, field in statement.fields
        if statement.actions == frozenset({"create"})
    }
    return read_rules(description, replace(names, fields=names.fields - rows)) if rows else rules


def of_those_who_sign_in(
    statements: Iterable[Statement],
    accounts: str | None,
    concepts: Mapping[str, str],
    profiles: Collection[str] = (),
    memberships: str | None = None,
) -> list[Statement]:
    """Return the statements as they are meant where the rows of a table sign in: all of those, and not a role.

    What is said of them all and neither shuts others out nor is of their own says nothing new. So it is where those
    who have one of the `profiles` create rows: these are their own.
    """
    told = [replace(one, grants=tuple(_as_stranger(grant, concepts) for grant in one.grants)) for one in statements]
    if memberships is not None:
        of_team = {Grant(Audience.ROLE, (singular(memberships),)): Grant(Audience.TEAM)}
        told = [replace(one, grants=tuple(of_team.get(grant, grant) for grant in one.grants)) for one in told]
    if accounts is None:
        return [_as_of_all(one) for one in told]
    meant: list[Statement] = []
    for statement in told:
        of_all = [grant for grant in statement.grants if _is_of(grant, accounts, concepts)]
        grants = tuple(Grant(Audience.SIGNED_IN) if grant in of_all else grant for grant in statement.grants)
        is_own = statement.actions == frozenset({"create"})
        is_own = is_own and any(_is_of(grant, name, concepts) for name in profiles for grant in statement.grants)
        if not (of_all or is_own) or statement.is_restriction or statement.is_of_any:
            meant.append(replace(statement, grants=grants))
    return meant


def _as_of_all(statement: Statement) -> Statement:
    """Return what keeps all from changing anything as it is meant where nobody signs in to add rows: but for admins."""
    if statement.tables or not statement.is_exclusive or not statement.actions >= {"update", "delete"}:
        return statement
    return replace(statement, actions=statement.actions | {"create"}, grants=statement.grants or _ADMINS)


def _as_stranger(grant: Grant, concepts: Mapping[str, str]) -> Grant:
    """Return a grant as it is meant where guests have no table, and so do not sign in."""
    is_of_strangers = bool(grant.roles) and vocabulary().strangers.issuperset(grant.roles)
    is_table = any(meant_by(plural(role), concepts) for role in grant.roles)
    return Grant(Audience.PUBLIC) if is_of_strangers and not is_table else grant


def _is_of(grant: Grant, accounts: str, concepts: Mapping[str, str]) -> bool:
    """Whether a grant to a role means the rows of a table, by the name of the table or of what it is like."""
    if grant.audience is not Audience.ROLE or not vocabulary().roles.isdisjoint(grant.roles):
        return False
    return all(accounts in meant_by(plural(role), concepts) for role in grant.roles)


def of_tables(
    statement: Statement, concepts: Mapping[str, str], *, memberships: str | None, whole: Collection[str] = ()
) -> Statement | None:
    """Return a statement with the names of the tables that it is about; None where there is none of them.

    What an app is about is a `whole`.
    """
    if not statement.tables:
        return statement
    tables = (
        table
        for name in statement.tables
        if "." not in name
        for table in [
            *meant_by(name, concepts),
            *([memberships] if name == _MEMBERS and memberships is not None else []),
            *(whole if name == WHOLE else ()),
        ]
    )
    names = tuple(dict.fromkeys(tables))
    return replace(statement, tables=names) if names else None


def _is_of_rights(form: Form) -> bool:
    """Whether a form says who may do something, so that whom it is about are no table by that."""
    return (form.is_permission and not form.is_told) or form.statement.is_restriction


@frozen
class _Reader:
    wording: Wording

    def rules(self) -> Rules:
        clauses = list(Clauses(self.wording))
        unreadable = Unreadable(self.wording)
        read = [(clause, clause.form) for clause in clauses if clause.form is not None and clause.is_whole]
        unread = [(clause, unread) for clause in clauses if not clause.is_whole for unread in unreadable.unread(clause)]
        of_rights = [(clause, form) for clause, form in read if _is_of_rights(form)]
        aside = [place for clause, form in of_rights for place in form.people(clause.start)]
        aside += [(clause.start, form.end) for clause, form in of_rights if WHOLE in form.statement.tables]
        return Rules(
            statements=tuple(one for clause, form in read for one in self._statements(clause, form)),
            unread=tuple(one for _, one in unread),
            usual=tuple(form.statement for _, form in read if form.statement.is_usual),
            makers=tuple(name for _, form in read for name in self._makers(form)),
            aside=tuple(
                sorted(
                    self._place(*pair)
                    for pair in [*aside, *((one.start, one.end) for one, told in unread if told.is_aside)]
                )
            ),
            limits=tuple(self._place(clause.start, form.end) for clause, form in read if form.statement.is_restriction),
            of_rows=tuple(self._place(clause.start, clause.end) for clause in clauses if self._is_of_rows(clause)),
            of_fields=tuple(
                self._place(start, end)
                for clause in clauses
                if self._is_rule(clause)
                for start, end in self._fields(clause)
            ),
        )

    def _is_of_rows(self, clause: Clause) -> bool:
        """Whether a clause is of rows that there are, and not, as `users write notes`, of what there is."""
        if clause.form is None:
            return any(Unreadable(self.wording).unread(clause))
        return clause.form.statement.is_restriction or "create" not in clause.form.statement.actions

    def _is_rule(self, clause: Clause) -> bool:
        """Whether a clause says of rows who may do what: as a whole, or of whom it shuts out."""
        unread = Unreadable(self.wording).unread(clause)
        return self._is_of_rows(clause) and (clause.is_whole or any(one.statement is not None for one in unread))

    def _fields(self, clause: Clause) -> Iterator[tuple[int, int]]:
        """Yield where a clause names fields."""
        at = clause.start
        while at < clause.end:
            named = self.wording.table(at)
            if named is not None and "." in named.name:
                yield at - (at > clause.start and self.wording.word(at - 1) in FILLERS), named.end
            at = at + 1 if named is None else named.end

    def _statements(self, clause: Clause, form: Form) -> Iterator[Statement]:
        text = self.wording.said(clause.start, form.end)
        told = map(of_whole, (form.statement, *form.also))
        return (replace(statement, text=text) for statement in told if not statement.is_usual)

    def _makers(self, form: Form) -> Iterator[str]:
        """Yield the tables of those by whom something is made, as orders are `placed by customers`."""
        if form.is_told and "create" in form.statement.actions:
            named = (self.wording.table(at) for start, end in form.named for at in range(start + 1, end))
            yield from (table.name for table in named if table is not None)

    def _place(self, start: int, end: int) -> tuple[int, int]:
        return self.wording.tokens[start].start, self.wording.tokens[max(end, start + 1) - 1].end
