"""Who makes what, as a description tells it without a rule: `teachers give grades to students`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from services.designs.schema import Audience, Grant
from services.scaffold.plurals import singular
from services.scaffold.principals import Principals
from services.scaffold.rights.statement import Statement
from services.scaffold.roles import ADMIN, MEMBER
from services.scaffold.vocabulary import Access, Entity, vocabulary

_OF_STAFF: Final = frozenset({Access.RECORD, Access.CATALOGUE, Access.DIRECTORY})
"""What nobody makes but those with a role, unless it is said."""


def made_by_others(
    made: Iterable[tuple[str, str]],
    entities: Mapping[str, Entity],
    principals: Principals,
    statements: Sequence[Statement],
    roles: frozenset[str],
) -> Iterator[Statement]:
    """Yield that people with a role make what they are said to make, where others sign in: teachers, of grades.

    What users could make as well they make only where that is said, too; `roles` are those of a team's members.
    """
    if principals.accounts is None or principals.is_shared:
        return
    strangers = vocabulary().strangers | vocabulary().everyone
    ruled = {table for one in statements if "create" in one.actions for table in one.tables}
    makers: dict[str, list[str]] = {}
    for who, what in made:
        if what in entities and what not in ruled and singular(who) not in strangers:
            makers.setdefault(what, []).append(who)
    for what, people in makers.items():
        of_team = [singular(who) for who in people if singular(who) in roles]
        yield from _by_members(what, of_team)
        others = [who for who in people if who != principals.accounts and who not in principals.profiles]
        others = [who for who in others if singular(who) not in roles]
        grants = tuple(Grant(Audience.ROLE, (singular(who),)) for who in others)
        if not others or what == principals.accounts or what in principals.profiles:
            continue
        if entities[what].access not in _OF_STAFF and len(others) < len(people):
            continue
        if entities[what].access not in _OF_STAFF:
            staff = Grant(Audience.ROLE, (ADMIN,))
            yield Statement(frozenset({"create"}), (what,), (*grants, staff), is_exclusive=True)
        yield Statement(frozenset({"create", "update"}), (what,), grants)


def _by_members(what: str, roles: Sequence[str]) -> Iterator[Statement]:
    """Yield that members of a team make what those are said to make who have one of its roles."""
    if MEMBER in roles:
        yield Statement(frozenset({"create"}), (what,), (Grant(Audience.TEAM),))
    elif roles:
        yield Statement(frozenset({"create"}), (what,), (Grant(Audience.TEAM, tuple(dict.fromkeys(roles))),))
