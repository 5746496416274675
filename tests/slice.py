"""What the tables of tests have of a slice: who may do what, what makes something, and what its inputs change.

An entry is an operation and a row of outcomes. The variables that an operation declares are filled in by name, with ids
of one team: `$team`, `$schema`, `$generation`, `$deployment`, `$session`, `$owner` and `$viewer` (two user ids), and
whatever a slice has `made` (`$project`, `$webhook`). With `fresh` before its name (`$freshProject`, `$freshTeam`) a
thing is made for each attempt, also `$freshGeneration` and `$freshDeployment`: for what would take the others away.

Who is allowed must get a result without user errors, other than the codes in `told`: use those where doing it in
earnest would be slow or would change things for others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any, Final

from services.core.frozen import frozen


class Caller(Enum):
    """Who asks. The first four are members of the team that has everything; the keys are its owner's."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"
    OTHER_TEAM = "OTHER_TEAM"
    ANONYMOUS = "ANONYMOUS"
    READ_KEY = "READ_KEY"
    WRITE_KEY = "WRITE_KEY"
    ANALYTICS_KEY = "ANALYTICS_KEY"


class Outcome(Enum):
    ALLOWED = "ALLOWED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    NULL = "NULL"
    """No error, and nothing."""
    UNAUTHENTICATED = "UNAUTHENTICATED"


Row = Mapping[Caller, Outcome]


@frozen
class Entry:
    operation: str
    outcomes: Row
    told: frozenset[str] = frozenset()
    poke: str | None = None
    """A variable whose making is told by a subscription that tells nothing of before."""


def row(**different: Outcome) -> Row:
    """Return a row in which all may, but nobody may who is not signed in, and no key whose scope is ANALYTICS."""
    usual = {
        **dict.fromkeys(Caller, Outcome.ALLOWED),
        Caller.ANONYMOUS: Outcome.UNAUTHENTICATED,
        Caller.ANALYTICS_KEY: Outcome.FORBIDDEN,
    }
    return usual | {Caller(name): outcome for name, outcome in different.items()}


NO: Final = Outcome.FORBIDDEN
_UNSEEN: Final = {"OTHER_TEAM": Outcome.NOT_FOUND}

ALL: Final = row()
"""Whoever is signed in, for their own things."""
PEOPLE: Final = row(READ_KEY=NO, WRITE_KEY=NO)
"""Whoever is signed in and no API key."""
SEE: Final = row(**_UNSEEN)
"""Members, and keys that may read."""
FIND: Final = row(OTHER_TEAM=Outcome.NULL)
"""As SEE, where what is unseen is null."""
EDIT: Final = row(**_UNSEEN, VIEWER=NO, READ_KEY=NO)
"""Members from EDITOR on, and keys that may write."""
DELETE: Final = row(**_UNSEEN, VIEWER=NO, EDITOR=NO, READ_KEY=NO)
"""Members from ADMIN on, and keys that may write."""
MANAGE: Final = row(**_UNSEEN, VIEWER=NO, EDITOR=NO, READ_KEY=NO, WRITE_KEY=NO)
"""Members from ADMIN on, themselves."""
OWN: Final = row(**_UNSEEN, VIEWER=NO, EDITOR=NO, ADMIN=NO, READ_KEY=NO, WRITE_KEY=NO)
"""The owner, themselves."""
MEMBERS: Final = row(**_UNSEEN, READ_KEY=NO, WRITE_KEY=NO)
"""Members, themselves."""
ADMINISTRATE: Final = row(OWNER=NO, ADMIN=NO, EDITOR=NO, VIEWER=NO, OTHER_TEAM=NO, READ_KEY=NO, WRITE_KEY=NO)
"""Nobody here: administrators of the installation."""


def told(*codes: str) -> frozenset[str]:
    return frozenset(codes)


RECORD: Final = row(
    **dict.fromkeys(("OWNER", "ADMIN", "EDITOR", "VIEWER", "OTHER_TEAM", "READ_KEY", "WRITE_KEY"), NO),
    ANALYTICS_KEY=Outcome.ALLOWED,
)
"""Keys whose scope is ANALYTICS, alone."""


@frozen
class Create:
    """`thing` is the payload's field that shows what was made; `other` is what makes it another request."""

    thing: str
    input: Mapping[str, Any]
    other: Mapping[str, Any]
    people_only: bool = field(default=False, kw_only=True)
    """Whether an API key is refused whatever it asks for."""


@frozen
class Values:
    """An input that works, with `{kind}` for ids and `{name}` for a name that nothing has, and by the path of a field
    another value for it.
    """

    input: Mapping[str, Any]
    others: Mapping[str, Any]
    shows: str = ""
    """What to select besides what the payload's object has itself."""


@frozen(kw_only=True)
class Slice:
    """One slice's part of the tables: a file of tests/slices has it as `SLICE`."""

    entries: Mapping[str, Entry]
    """By root field, and by those fields of other types that need more than seeing the object: who may use it."""
    made: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """By the kind of a thing: how the owner makes one, and where the payload has it; `$address` and `$name` are new."""
    creates: Mapping[str, Create] = field(default_factory=dict[str, Create])
    """By mutation: an input for each that makes something. Its texts may name things of the test, as `{team}`."""
    makes_nothing: Sequence[str] = ()
    """The other mutations: those that change, take away or send."""
    values: Mapping[str, Values] = field(default_factory=dict[str, Values])
    """By mutation: an input, and for its fields other values by which the answer becomes another."""
    shown: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """By test, or file of tests: the input fields of which it shows what they do, where `values` can not."""
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """By the kind of a thing: more operations, besides those of `entries`, that take its `$id`."""
