"""What somebody is to a row in a table's tests, and how they are called there."""

import re
from collections.abc import Iterable, Mapping
from itertools import product
from types import MappingProxyType
from typing import Any, Final
from zlib import crc32

from services.core.frozen import frozen
from services.designs.schema import Audience, Grant, Policy
from services.scaffold.own_tests.source import TAKEN

ACTIONS: Final = ("create", "read", "update", "delete")
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@frozen
class Persona:
    """What somebody is to a row: `team_role` is None outside its team, "" where its members have no roles."""

    role: str | None = None
    owns: bool = False
    team_role: str | None = None
    outside: bool = False
    """Whether the role is one in another team."""
    signed_in: bool = True

    def enters(self, grants: Iterable[Grant]) -> bool:
        """Whether grants may let somebody in, whatever row it is about."""
        personal = {Audience.OWNER, Audience.TEAM}
        return any(self.signed_in if grant.audience in personal else self._is_let_in_by(grant) for grant in grants)

    def may(self, grants: Iterable[Grant], row: Mapping[str, Any] = _NOTHING) -> bool:
        """Whether grants let somebody do it to a row that holds these values."""
        return any(self._is_let_in_by(grant) for grant in grants if _is_met(grant, row))

    def _is_let_in_by(self, grant: Grant) -> bool:
        match grant.audience:
            case Audience.PUBLIC:
                return True
            case Audience.SIGNED_IN:
                return self.signed_in
            case Audience.OWNER:
                return self.owns
            case Audience.ROLE:
                return self.role in grant.roles
            case Audience.TEAM:
                return self.is_in_team and (not grant.roles or self.team_role in grant.roles)
            case Audience.NOBODY:
                return False

    @property
    def is_in_team(self) -> bool:
        return self.team_role is not None and not self.outside

    @property
    def variable(self) -> str:
        if not self.signed_in:
            return "nobody"
        if self.outside:
            return "outsider"
        words = [_unlike_others(_word(self.role))] if self.role is not None else []
        if self.team_role is not None:
            words += ["team", _word(self.team_role)] if self.team_role else ["member"]
        if self.owns:
            words.append("owner")
        first, *others = words or ["someone"]
        return first + "".join(word[0].upper() + word[1:] if word[0].islower() else f"_{word}" for word in others)


def _unlike_others(word: str) -> str:
    """Return a role's word that neither the tests use nor people of teams and owners are called."""
    is_like = word in TAKEN or re.match("team[A-Z]|member[A-Z]", word) or re.search("(^o|O)wner$|(^m|M)ember$", word)
    return f"{word}_" if is_like else word


def _word(role: str) -> str:
    """Return a role as a part of a variable, another one for each role: `siteAdmin` for `site-admin`."""
    if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*", role):
        first, *others = role.split("-")
        return first + "".join(word.capitalize() for word in others)
    if re.fullmatch(r"[A-Z][a-z0-9]*|[a-z][a-z0-9]*(_[a-z0-9]+)+", role):
        return role
    return f"role{crc32(role.encode('utf-8', 'surrogatepass')):08x}"


def _is_met(grant: Grant, row: Mapping[str, Any]) -> bool:
    return grant.when is None or row.get(grant.when.field) == grant.when.equals


def variables(policies: Iterable[Policy]) -> frozenset[str]:
    """Return all that people may be called in the tests of tables with these policies."""
    grants = [grant for policy in policies for action in ACTIONS for grant in getattr(policy, action)]
    roles = {role for grant in grants if grant.audience is Audience.ROLE for role in grant.roles}
    team_roles = {role for grant in grants if grant.audience is Audience.TEAM for role in grant.roles}
    choices = product([None, *roles], [False, True], [None, "", *team_roles])
    return frozenset(Persona(role, owns, team_role).variable for role, owns, team_role in choices)
