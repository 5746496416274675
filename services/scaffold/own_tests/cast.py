"""Who acts in the tests of a table, and the rows that a test begins with."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.core.frozen import frozen
from services.designs.schema import Audience, Policy
from services.scaffold.own_tests.persona import ACTIONS, Persona
from services.scaffold.own_tests.rights import Rights
from services.scaffold.own_tests.source import TAKEN, array, call, free, literal, members, quoted
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.plan import Reference


@frozen
class Bond:
    """Whose a row is that a test has besides: of the one whom it is about, of its team, or of others."""

    subject: Subject
    is_theirs: bool
    is_teams: bool
    row: Mapping[str, Any]
    """What it holds that grants make conditions of."""


@frozen
class Cast:
    """`setup` are the lines that make the people and the rows around, `names` the constants that these are.

    `parents` are the rows that a row of the table refers to, by field; `owned` are the fields that a row has besides
    where it is put in without a request. All are expressions.
    """

    lead: Persona
    """The one whose the row is, where it has an owner."""
    team: str | None
    """The key of the team that the row is of, where it is of one."""
    setup: list[str]
    names: list[str]
    parents: Mapping[str, str]
    bonds: Mapping[str, Bond]
    """Of the rows that a row of the table refers to."""
    owned: Mapping[str, str]
    row: str
    """What makes a row of the table: the function that does, with its first arguments, or the row of a person."""

    @property
    def is_own_row(self) -> bool:
        return self.row.endswith(".row")

    @property
    def is_own_team(self) -> bool:
        return self.row.startswith("teamOf(")

    def seeding(self) -> dict[str, str]:
        return {**self.parents, **self.owned}

    def relation(self, other: Subject, *, is_one_of_many: bool = False) -> dict[str, str]:
        """Write what makes a row of another table one of whom the test is about, of their team, or open to all.

        One of many rows, of which somebody may have one alone, is nobody's in particular.
        """
        owner, team = other.policy.owner, other.policy.team
        relation: dict[str, str] = {}
        if owner not in (None, other.key) and self.lead.variable in self.names:
            relation[owner or ""] = f"{self.lead.variable}.id"
        if self.team is not None and team not in (None, other.key):
            relation[team or ""] = self.team
        opening = {name: literal(value) for name, value in _opening(other).items()}
        return opening if is_one_of_many and other.is_alone_with(relation) else relation | opening

    def bond(self, other: Subject, relation: Mapping[str, str]) -> Bond:
        """Return whose a row is that has these fields."""
        policy = other.policy
        opened = {name: value for name, value in _opening(other).items() if name in relation}
        row = {name: other.initial(name) for name in conditions(policy)} | opened
        is_theirs = policy.owner in relation and relation[policy.owner or ""].startswith(f"{self.lead.variable}.")
        return Bond(other, is_theirs, policy.team in relation, row)

    def towards(self, persona: Persona, bond: Bond) -> Persona:
        """Return what somebody is to such a row."""
        owns = bond.is_theirs and persona == self.lead
        return replace(persona, owns=owns, team_role=persona.team_role if bond.is_teams else None)

    def sees(self, world: World, persona: Persona, bond: Bond) -> bool:
        """Whether somebody may read such a row."""
        return Rights(world, bond.subject).may(self.towards(persona, bond), "read", bond.row)

    def ties(self, world: World, persona: Persona, bond: Bond) -> bool:
        """Whether somebody may refer to such a row: to what they see, to themselves, and to their teammates."""
        is_leads_account = bond.subject is world.people and bond.is_theirs
        is_teammate = self.team is not None and persona.is_in_team and self.lead.is_in_team
        return self.sees(world, persona, bond) or (is_leads_account and (persona == self.lead or is_teammate))


def cast(world: World, subject: Subject, people: Sequence[Persona], *, lead: Persona, anew: bool = False) -> Cast:
    """Write how people are made and what rows there are for them.

    With `anew`, rows refer to no more than they must, and of what one row alone may refer to, each gets another: then
    any number of them can be made, by people who see little.
    """
    return _Casting(world, subject, people, lead=lead, anew=anew).cast()


def team_of(people: Iterable[Persona]) -> str:
    """Write the list of those whom a team has, each with their role in it."""
    return array(
        f"[{person.variable}{f', {quoted(person.team_role)}' if person.team_role else ''}]" for person in people
    )


class _Casting:
    def __init__(self, world: World, subject: Subject, people: Sequence[Persona], *, lead: Persona, anew: bool) -> None:
        self.world, self.subject, self.policy = world, subject, subject.policy
        self.people, self.lead, self.anew = people, lead, anew
        self.setup: list[str] = []
        self.names: list[str] = []

    def cast(self) -> Cast:
        for persona in self.people:
            if persona.signed_in:
                self._introduce(persona)
        empty = Cast(self.lead, self._team(), self.setup, self.names, {}, {}, {}, self._row())
        parents, owned = dict(self._parents(empty)), dict(self._owned(empty))
        return replace(
            empty,
            parents={field: key for field, (key, _) in parents.items()},
            owned={field: key for field, (key, _) in owned.items()},
            bonds={field: bond for field, (_, bond) in {**parents, **owned}.items()},
        )

    def _introduce(self, persona: Persona) -> None:
        self._let(persona.variable, f"await somebody({quoted(persona.role) if persona.role is not None else ''})")
        if persona.outside:
            self.setup.append(f"await {call('teamOf', team_of([persona]))};")

    def _let(self, name: str, expression: str) -> None:
        self.setup.append(f"const {name} = {expression};")
        self.names.append(name)

    @property
    def _in_team(self) -> list[Persona]:
        """Those whom a team is made with; the user of a membership is in it by that."""
        is_by_row = self.world.is_membership(self.subject)
        return [persona for persona in self.people if persona.is_in_team and not (is_by_row and persona.owns)]

    def _team(self) -> str | None:
        """Make a team and put the people into it; return its key as an expression."""
        teams = self.world.teams
        if teams is None or self.policy.team in (None, self.subject.key):
            return None
        self._let("team", f"await {call('teamOf', team_of(self._in_team))}")
        return f"team.{teams.key}"

    def _row(self) -> str:
        owners = [persona for persona in self.people if persona.owns]
        if owners and self.policy.owner == self.subject.key:
            return f"{owners[0].variable}.row"
        if self._in_team and self.policy.team == self.subject.key:
            return f"teamOf({team_of(self._in_team)}"
        return f"new{self.subject.plan.names.type}"

    def _parents(self, cast: Cast) -> Iterator[tuple[str, tuple[str, Bond]]]:
        for field, reference in self.subject.by_field.items():
            if field in self.subject.by_server or field == self.policy.team or self._is_left_out(reference):
                continue
            yield field, self._parent(field, self.world.subjects[reference.table], cast)
        if cast.team is not None and self.policy.team not in {None, *self.subject.by_server}:
            yield self.policy.team or "", (cast.team, self._bond_of_team(cast))

    def _bond_of_team(self, cast: Cast) -> Bond:
        teams = self.world.teams or self.subject
        return cast.bond(teams, {teams.policy.team or "": cast.team or ""})

    def _is_left_out(self, reference: Reference) -> bool:
        is_telling = reference.field in {self.policy.owner, self.policy.inherited_from}
        is_own = reference.table == self.subject.name
        is_full = not self.world.subjects[reference.table].is_roomy
        return reference.nullable and (is_own or is_full or (self.anew and not is_telling))

    def _parent(self, field: str, parent: Subject, cast: Cast) -> tuple[str, Bond]:
        """Write the key of a row that a field refers to."""
        if self._is_own_account(field, parent):
            key = f"{self.lead.variable}.id"
            return key, cast.bond(parent, {parent.key: key})
        is_one_of_many = (
            self.world.has_others(self.subject, parent)
            or (self._is_named_again(parent) and field != self.policy.inherited_from)
            or (self.anew and field in self.subject.unique)
        )
        relation = cast.relation(parent, is_one_of_many=is_one_of_many) if parent.is_roomy else {}
        return self._made(field, parent, relation), cast.bond(parent, relation)

    def _is_named_again(self, parent: Subject) -> bool:
        """Whether several fields need rows of a table."""
        needed = [
            reference
            for field, reference in self.subject.by_field.items()
            if reference.table == parent.name and field not in self.subject.by_server
        ]
        return sum(not self._is_left_out(reference) for reference in needed) > 1

    def _made(self, field: str, parent: Subject, relation: Mapping[str, str]) -> str:
        arguments = members(relation) if relation else ""
        if self.anew and field in self.subject.unique:
            return f"(await new{parent.plan.names.type}({arguments})).{parent.key}"
        name = self._name(field)
        verb = "new" if relation or field in self.subject.unique else "any"
        self._let(name, f"await {verb}{parent.plan.names.type}({arguments})")
        return f"{name}.{parent.key}"

    def _is_own_account(self, field: str, parent: Subject) -> bool:
        """Whether a field names a user, and the one whom the test is about can see themselves alone."""
        if parent is not self.world.people or self.world.is_member(self.subject, field) or not self.names:
            return False
        if self.anew and field in self.subject.unique:
            return False
        sees_others = self.lead.may(grant for grant in parent.policy.read if grant.audience is not Audience.OWNER)
        return not sees_others and parent.policy.owner == parent.key and Persona(owns=True).may(parent.policy.read)

    def _name(self, field: str) -> str:
        words = re.findall(r"[A-Za-z0-9]+", re.sub(r"(?:_?[iI]d|ID)$", "", field) or field)
        joined = words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])
        name = joined[:1].lower() + joined[1:]
        taken = {*TAKEN, *self.names, *self.world.makers, *(other.constant for other in self.world.subjects.values())}
        return free(name, taken, "Record")

    def _owned(self, cast: Cast) -> Iterator[tuple[str, tuple[str, Bond]]]:
        owner, theirs = self.policy.owner, [persona for persona in self.people if persona.owns]
        if owner not in (None, self.subject.key) and theirs:
            key, people = f"{theirs[0].variable}.id", self.world.people or self.subject
            yield owner or "", (key, cast.bond(people, {people.key: key}))
        if cast.team is not None and self.policy.team in self.subject.by_server:
            yield self.policy.team or "", (cast.team, self._bond_of_team(cast))


def conditions(policy: Policy) -> frozenset[str]:
    """Return the fields by which grants are for some rows alone."""
    grants = [grant for action in ACTIONS for grant in getattr(policy, action)]
    return frozenset(grant.when.field for grant in grants if grant.when is not None)


def _opening(parent: Subject) -> dict[str, str | bool]:
    """Return what a row must hold for everybody to read it, where that is what its policy asks for."""
    met = [
        grant.when
        for grant in parent.policy.read
        if grant.when is not None and grant.audience in {Audience.PUBLIC, Audience.SIGNED_IN}
    ]
    return {condition.field: condition.equals for condition in met[:1]}
