"""Whom a description speaks of where it says who may do what: `admins and moderators`, `members of a team`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import Audience, Grant
from services.scaffold.naming import concept_of
from services.scaffold.plurals import plural, singular
from services.scaffold.principals import TEAM_MANAGERS
from services.scaffold.rights.wording import FILLERS, LINKS, OWN, Wording
from services.scaffold.roles import ADMIN, MEMBER
from services.scaffold.vocabulary import vocabulary

_LONGEST_LIST: Final = 6
"""Subjects that are joined by `and`."""
_QUALIFIED: Final = frozenset(["registered", "authenticated", "signed", "signed-in", "logged", "logged-in"])
_ANONYMOUS: Final = frozenset(["anonymous", "unauthenticated", "unregistered", "public"])
_NOBODY_BUT: Final = (("but",), ("except",), ("except", "for"), ("besides",), ("other", "than"), ("apart", "from"))
_USERS: Final = frozenset(["user", "member", "guest", "listener"])
"""Who signs in, and of whom no rows are."""
ALL_PEOPLE: Final = frozenset(["everyone", "everybody", "anyone", "anybody"])
"""Of whom it is said that they don't do something, where nobody does."""
_BY: Final = frozenset({"by"})
"""Stands before each of a list at times: `by their author or by a moderator`."""
_TEAMS: Final = frozenset(["team", "organization", "organisation", "workspace", "group", "company"])


@frozen
class Subject:
    grants: tuple[Grant, ...]
    """None of them means nobody."""
    end: int
    is_plain: bool = False
    """Whether it is users without more said of them."""
    is_only: bool = False
    """Whether it is nobody but these."""
    is_served: bool = False
    """Whether it is those whom rows are about, as customers and patients are, and not users."""


def read_subject(wording: Wording, start: int, *, is_denied: bool = False) -> Subject | None:
    """Read `admins and moderators`, `the author`, `members of a team`, `signed-in users`, `no one but admins`.

    Where something is denied, `anyone but admins` is no one but these.
    """
    exception = _exception(wording, start, vocabulary().nobody | (ALL_PEOPLE if is_denied else frozenset[str]()))
    if exception is not None:
        others = _listed(wording, exception)
        return replace(others, is_only=True) if others is not None and others.grants else None
    return _listed(wording, start)


def is_person(word: str) -> bool:
    """Whether a word, in the singular, means people."""
    words = vocabulary()
    return word in words.roles | words.writers | words.nobody or _grant(word, is_own=False) is not None


def _exception(wording: Wording, at: int, nobody: frozenset[str]) -> int | None:
    """Return where it begins whom `no one but`, `nobody except` or `no user other than` lets in."""
    word = wording.word(at)
    if word == "no" and (wording.word(at + 1) == "one" or is_person(singular(wording.word(at + 1)))):
        at += 1
    elif word not in nobody:
        return None
    ways = (at + 1 + len(way) for way in _NOBODY_BUT if wording.words(at + 1, len(way)) == way)
    return max(ways, default=None)


def _listed(wording: Wording, start: int) -> Subject | None:
    grants: list[Grant] = []
    at, is_plain, is_served = start, True, True
    for _ in range(_LONGEST_LIST):
        first = wording.skip(at, FILLERS | OWN | (_BY if grants else frozenset[str]()))
        one = _one_subject(wording, first, is_own=any(wording.word(place) in OWN for place in range(at, first)))
        if one is None:
            break
        grants += one.grants
        is_plain, is_served = is_plain and one.is_plain, is_served and one.is_served
        at = one.end
        after = wording.skip(at + 1, FILLERS | OWN | _BY)
        if wording.word(at) not in LINKS or _one_subject(wording, after, is_own=False) is None:
            return Subject(_joined(grants), at, is_plain=is_plain, is_served=is_served)
        at += 1
    return None


def _one_subject(wording: Wording, at: int, *, is_own: bool) -> Subject | None:
    return _of_team(wording, at) or _qualified(wording, at) or _person(wording, at, is_own=is_own)


def _of_team(wording: Wording, at: int) -> Subject | None:
    """Read `team owners` and `members of a team`."""
    names, words = wording.names, vocabulary()
    teams, word, after = _TEAMS | names.teams, singular(wording.word(at)), singular(wording.word(at + 1))
    if word in teams and after in words.signed_in | words.writers | words.roles | names.roles:
        return Subject((_team_grant(wording, after),), at + 2)
    if word not in {MEMBER, *TEAM_MANAGERS, *names.roles} or after != "of":
        return None
    place = wording.skip(at + 2, FILLERS | OWN)
    return Subject((_team_grant(wording, word),), place + 1) if singular(wording.word(place)) in teams else None


def _qualified(wording: Wording, at: int) -> Subject | None:
    """Read `signed-in users` and `anonymous users`."""
    people = vocabulary().signed_in | vocabulary().everyone | vocabulary().strangers
    if wording.word(at) in _ANONYMOUS and singular(wording.word(at + 1)) in people:
        return Subject((Grant(Audience.PUBLIC),), at + 2)
    place = wording.skip(at, _QUALIFIED | {"in", "up"})
    is_qualified = place > at and singular(wording.word(place)) in vocabulary().signed_in
    return Subject((Grant(Audience.SIGNED_IN),), place + 1) if is_qualified else None


def _person(wording: Wording, at: int, *, is_own: bool) -> Subject | None:
    words, word = vocabulary(), singular(wording.word(at))
    if word in wording.names.roles and not is_own and wording.word(at + 1) != "of":
        return Subject((_team_grant(wording, word),), at + 1, is_plain=word == MEMBER)
    if wording.word(at) == "no" and wording.word(at + 1) == "one":
        return Subject((), at + 2)
    if word in words.nobody:
        return Subject((), at + 1)
    if word in words.roles:
        is_of_users = singular(wording.word(at + 1)) in words.signed_in
        return Subject((Grant(Audience.ROLE, (_role(word),)),), at + 1 + is_of_users)
    grant = _grant(word, is_own=is_own)
    if grant == Grant(Audience.SIGNED_IN) and _is_among_users(wording, word):
        grant = Grant(Audience.ROLE, (word,))
    is_plain = grant is not None and grant.audience not in {Audience.PUBLIC, Audience.OWNER}
    return None if grant is None else Subject((grant,), at + 1, is_plain=is_plain, is_served=_is_served(word))


def _grant(word: str, *, is_own: bool) -> Grant | None:
    if word in vocabulary().everyone:
        return Grant(Audience.PUBLIC)
    has_role = _is_kind_of_person(word)
    signs_in = has_role or word in vocabulary().signed_in
    if word in vocabulary().writers or (is_own and signs_in):
        return Grant(Audience.OWNER)
    if has_role:
        return Grant(Audience.ROLE, (word,))
    return Grant(Audience.SIGNED_IN) if signs_in else None


def _is_among_users(wording: Wording, word: str) -> bool:
    """Whether those who sign in are users of whom some alone have a row of such people: members, of a club."""
    speaks_of_users = ("user",) in wording.names.tables or any(
        singular(token.word) == "user" for token in wording.tokens
    )
    return word != "user" and (word,) in wording.names.tables and speaks_of_users


def _is_served(word: str) -> bool:
    return word not in _USERS and concept_of(plural(word)) in vocabulary().consumers


def _is_kind_of_person(word: str) -> bool:
    """Whether a word means people with a table, who have a role where others sign in, too."""
    entity = vocabulary().entities.get(vocabulary().phrases.get((word,), ""))
    return entity is not None and entity.has("email") and word not in vocabulary().signed_in


def _team_grant(wording: Wording, word: str) -> Grant:
    is_role = word in {*TEAM_MANAGERS, *wording.names.roles} - {MEMBER}
    return Grant(Audience.TEAM, (_role(word),)) if is_role else Grant(Audience.TEAM)


def _role(word: str) -> str:
    return ADMIN if word in {"administrator", "superadmin", "superuser"} else word


def _joined(grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """Return the grants with one for all roles."""
    roles = tuple(dict.fromkeys(role for grant in grants if grant.audience is Audience.ROLE for role in grant.roles))
    others = joined(grant for grant in grants if grant.audience is not Audience.ROLE)
    return (*others, Grant(Audience.ROLE, roles)) if roles else others


def joined(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return the grants with one for all members of a team that some let in."""
    told = list(dict.fromkeys(grants))
    of_team = [grant for grant in told if grant.audience is Audience.TEAM and grant.when is None]
    if len(of_team) < 2:  # noqa: PLR2004 - one has nothing to be joined with
        return tuple(told)
    is_all = any(not grant.roles for grant in of_team)
    roles = () if is_all else tuple(dict.fromkeys(role for grant in of_team for role in grant.roles))
    whole = Grant(Audience.TEAM, roles)
    return tuple(dict.fromkeys(whole if grant in of_team else grant for grant in told))
