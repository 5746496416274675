"""What a description says of who may do what, and the form in which it does."""

from dataclasses import replace
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import Audience, Grant
from services.scaffold.rights.subjects import Subject
from services.scaffold.rights.wording import WHOLE

IS_PUBLIC: Final = "isPublic"
"""The field of a row that is shown to all, of which some only are: `public notes`."""


@frozen
class Statement:
    actions: frozenset[str]
    tables: tuple[str, ...]
    """As the description calls them, until the tables are known; none of them means all. `employees.salaries` is a
    field of one, and `.salaries` of whichever has it."""
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
    is_of_served: bool = False
    """Whether it says of those whom rows are about that they read them: their own, where rows are somebody's."""
    is_closing: bool = False
    """Whether it is not understood, and so keeps out all but owners and those with a role that is not spoken of."""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The fields that it is about, each behind the name of its table, which is empty where it is not said."""
        parts = (name.partition(".") for name in self.tables)
        return tuple((table, field) for table, dot, field in parts if dot)

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
    also: tuple[Statement, ...] = ()
    """What it says besides: that those who can only read do nothing else."""
    named: tuple[tuple[int, int], ...] = ()
    """Where else than at its beginning it names people, or what it excepts."""

    def people(self, start: int) -> tuple[tuple[int, int], ...]:
        """Return where a form that starts at a position says whom it is about, and what it excepts."""
        return self.named if self.subject is None else ((start, self.subject.end), *self.named)


def shut_out(grants: tuple[Grant, ...], actions: frozenset[str], tables: tuple[str, ...]) -> Statement:
    """Return what keeps those whom grants mean from doing something; where that is everybody, all without a role."""
    is_of_all = any(grant.audience is Audience.SIGNED_IN for grant in grants)
    if is_of_all:
        return Statement(actions, tables, (), is_closing=True)
    return Statement(actions, tables, grants, is_denied=True)


def of_whole(statement: Statement) -> Statement:
    """Return what keeps changing all that an app is about to some, with adding to it and deleting of it."""
    is_changed = WHOLE in statement.tables and "update" in statement.actions and statement.is_restriction
    return replace(statement, actions=statement.actions | {"create", "delete"}) if is_changed else statement


def changes_of_all(actions: frozenset[str], tables: tuple[str, ...] | None) -> frozenset[str]:
    """Return what nobody does who changes nothing: who may not change anything deletes nothing, either."""
    return actions | {"delete"} if "update" in actions and tables == () else actions
