"""Who acts in the tests of a table, and the rows that a test begins with."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product

from services.core.frozen import frozen
from services.designs.schema import Audience, Grant, Policy
from services.scaffold.own_tests.source import TAKEN, array, call, members, quoted
from services.scaffold.own_tests.world import Subject, World

ACTIONS = ("create", "read", "update", "delete")


@frozen
class Persona:
    """What somebody is to a row: `team_role` is None outside its team, "" where its members have no roles."""

    role: str | None = None
    owns: bool = False
    team_role: str | None = None

    def may(self, grants: Iterable[Grant]) -> bool:
        return any(self._is_let_in_by(grant) for grant in grants if grant.when is None)

    def _is_let_in_by(self, grant: Grant) -> bool:
        match grant.audience:
            case Audience.PUBLIC | Audience.SIGNED_IN:
                return True
            case Audience.OWNER:
                return self.owns
            case Audience.ROLE:
                return self.role in grant.roles
            case Audience.TEAM:
                return self.team_role is not None and (not grant.roles or self.team_role in grant.roles)
            case Audience.NOBODY:
                return False

    @property
    def variable(self) -> str:
        words = [self.role or "", *(["team", self.team_role] if self.team_role else [])]
        if self.team_role == "":
            words.append("member")
        if self.owns:
            words.append("owner")
        name = "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", " ".join(words)))
        return (name[:1].lower() + name[1:]) or "someone"


@frozen
class Cast:
    """`who` are the variables of those who can do each action, `setup` the lines that make them and the rows around.

    `parents` are the rows that a row of the table refers to, by field; `owned` are the fields that a row has besides
    where it is put in without a request. All are expressions.
    """

    who: Mapping[str, str]
    setup: list[str]
    names: list[str]
    parents: Mapping[str, str]
    owned: Mapping[str, str]
    managing: frozenset[str]
    """The actions whose person may set what is MANAGED."""
    row: str
    """What makes a row of the table: the function that does, with its first arguments, or the row of a person."""

    @property
    def is_own_row(self) -> bool:
        return self.row.endswith(".row")

    def seeding(self) -> dict[str, str]:
        return {**self.parents, **self.owned}


def cast(world: World, subject: Subject) -> Cast:
    """Choose the fewest people who can do all that the policy leaves to somebody."""
    return _Casting(world, subject).cast()


def team_of(people: Iterable[Persona]) -> str:
    """Write the list of those whom a team has, each with their role in it."""
    return array(
        f"[{person.variable}{f', {quoted(person.team_role)}' if person.team_role else ''}]" for person in people
    )


def personas(world: World, subject: Subject) -> Iterator[Persona]:
    """Yield those whom the grants of a policy tell apart, the plainest first."""
    grants = [grant for action in ACTIONS for grant in getattr(subject.policy, action)]
    roles = [None, *dict.fromkeys(role for grant in grants if grant.audience is Audience.ROLE for role in grant.roles)]
    in_team = any(grant.audience is Audience.TEAM for grant in grants) and subject.policy.team is not None
    named = dict.fromkeys(role for grant in grants if grant.audience is Audience.TEAM for role in grant.roles)
    team_roles = [None, *(named or [member_role(world)])] if in_team else [None]
    owning = _owning(subject)
    choices = [Persona(role, owns, team) for role, owns, team in product(roles, owning, team_roles)]
    return iter(sorted(choices, key=lambda persona: (persona.role is not None) + (persona.team_role is not None)))


def _owning(subject: Subject) -> list[bool]:
    """Return whether to look first for those who own a row: they do where whoever makes it becomes its owner."""
    owner = subject.policy.owner
    if owner is None:
        return [False]
    return [True, False] if owner in subject.by_server else [False, True]


def member_role(world: World) -> str:
    """Return a role that a plain member of a team may have; the empty text where memberships have none."""
    teams = world.schema.teams
    if teams is None or teams.role is None:
        return ""
    field = world.subjects[teams.memberships].field(teams.role)
    values = [value for value in (field.rules.values if field.rules else ()) if value != teams.owner_role]
    return str(field.default_value or (values or ["member"])[0])


class _Casting:
    def __init__(self, world: World, subject: Subject) -> None:
        self.world, self.subject, self.policy = world, subject, subject.policy
        self.setup: list[str] = []
        self.names: list[str] = []

    def cast(self) -> Cast:
        chosen = self._choose()
        lead = chosen.get("create") or next(iter(chosen.values()), Persona())
        row = self._row(chosen)
        for persona in dict.fromkeys([lead, *chosen.values()]):
            if persona in chosen.values() or persona.owns:
                self._introduce(persona)
        team = self._team([persona for persona in dict.fromkeys(chosen.values()) if persona.team_role is not None])
        parents = dict(self._parents(lead, team))
        return Cast(
            who={action: persona.variable for action, persona in chosen.items()},
            setup=self.setup,
            names=self.names,
            parents=parents,
            owned=self._owned(lead, team),
            managing=frozenset(action for action, persona in chosen.items() if self._manages(persona, action)),
            row=row,
        )

    def _choose(self) -> dict[str, Persona]:
        """Return who does each action: the same person where one can do most, another for what is left."""
        candidates = list(personas(self.world, self.subject))
        able = {action: [persona for persona in candidates if self._may(persona, action)] for action in ACTIONS}
        chosen: dict[str, Persona] = {}
        for action in ACTIONS:
            if able[action]:
                known = [persona for persona in chosen.values() if persona in able[action]]
                best = max(able[action], key=lambda persona: sum(persona in others for others in able.values()))
                chosen[action] = (known or [best])[0]
        return chosen

    def _may(self, persona: Persona, action: str) -> bool:
        if action == "create" and self.policy.owner is not None and not self.policy.inherited_from:
            persona = replace(persona, owns=self.policy.owner in self.subject.by_server)
        if action == "create" and self.policy.team == self.subject.key:
            persona = replace(persona, team_role=None)
        return persona.may(getattr(self.policy, action))

    def _manages(self, persona: Persona, action: str) -> bool:
        return Persona(role=persona.role).may(
            grant for grant in getattr(self.policy, action) if grant.audience is Audience.ROLE
        )

    def _introduce(self, persona: Persona) -> None:
        role = quoted(persona.role) if persona.role is not None else ""
        self._let(persona.variable, f"await somebody({role})")

    def _let(self, name: str, expression: str) -> None:
        self.setup.append(f"const {name} = {expression};")
        self.names.append(name)

    def _team(self, in_team: list[Persona]) -> str | None:
        """Make a team and put the people into it; return its key as an expression."""
        teams = self.world.schema.teams
        if teams is None or self.policy.team in (None, self.subject.key):
            return None
        self._let("team", f"await {call('teamOf', team_of(in_team))}")
        return f"team.{self.world.subjects[teams.table].key}"

    def _row(self, chosen: Mapping[str, Persona]) -> str:
        owners = [persona for persona in chosen.values() if persona.owns]
        if owners and self.policy.owner == self.subject.key:
            return f"{owners[0].variable}.row"
        in_team = [persona for persona in dict.fromkeys(chosen.values()) if persona.team_role is not None]
        if in_team and self.policy.team == self.subject.key:
            return f"teamOf({team_of(in_team)}"
        return f"new{self.subject.plan.names.type}"

    def _parents(self, lead: Persona, team: str | None) -> Iterator[tuple[str, str]]:
        for field, reference in self.subject.by_field.items():
            if field in self.subject.by_server or field == self.policy.team or self._is_left_out(field):
                continue
            yield field, self._parent(field, self.world.subjects[reference.table], lead, team)
        if team is not None and self.policy.team not in {self.subject.key, *self.subject.by_server}:
            yield self.policy.team or "", team

    def _is_left_out(self, field: str) -> bool:
        reference = self.subject.by_field[field]
        return reference.table == self.subject.name and reference.nullable

    def _parent(self, field: str, parent: Subject, lead: Persona, team: str | None) -> str:
        if self._is_account(field, parent) and not lead.may(_without_owner(parent.policy)) and self._reads_own(parent):
            return f"{lead.variable}.id"
        relation = self._relation(parent, lead, team)
        name = self._name(field)
        made = f"new{parent.plan.names.type}" if relation or field in self.subject.unique else None
        made = made or f"any{parent.plan.names.type}"
        self._let(name, f"await {made}({members(relation) if relation else ''})")
        return f"{name}.{parent.key}"

    def _is_account(self, field: str, parent: Subject) -> bool:
        """Whether a field names a user, other than the one whom somebody lets into a team."""
        teams = self.world.schema.teams
        is_member = teams is not None and self.subject.name == teams.memberships and field == teams.user
        return parent is self.world.people and not is_member

    def _reads_own(self, parent: Subject) -> bool:
        return parent.policy.owner == parent.key and Persona(owns=True).may(parent.policy.read) and bool(self.names)

    def _relation(self, parent: Subject, lead: Persona, team: str | None) -> dict[str, str]:
        """Return what makes a row of the parent one of the one who acts, or of their team."""
        relation: dict[str, str] = {}
        if parent.policy.owner not in (None, parent.key) and lead.variable in self.names:
            relation[parent.policy.owner or ""] = f"{lead.variable}.id"
        if team is not None and parent.policy.team not in (None, parent.key):
            relation[parent.policy.team or ""] = team
        return relation

    def _name(self, field: str) -> str:
        words = re.findall(r"[A-Za-z0-9]+", re.sub(r"(?:_?[iI]d|ID)$", "", field) or field)
        joined = words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])
        name = joined[:1].lower() + joined[1:]
        tables = {subject.plan.names.variable for subject in self.world.subjects.values()}
        return f"{name}Record" if name in {*TAKEN, *self.names, *tables} or name[0].isdigit() else name

    def _owned(self, lead: Persona, team: str | None) -> dict[str, str]:
        owned: dict[str, str] = {}
        if self.policy.owner not in (None, self.subject.key) and lead.owns and lead.variable in self.names:
            owned[self.policy.owner or ""] = f"{lead.variable}.id"
        if team is not None and self.policy.team in self.subject.by_server:
            owned[self.policy.team or ""] = team
        return owned


def _without_owner(policy: Policy) -> list[Grant]:
    return [grant for grant in policy.read if grant.audience is not Audience.OWNER]
