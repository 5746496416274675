"""What the tests of a table need to know of the others: who the people are, what rows belong to, who may read what."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.core.frozen import frozen
from services.designs.schema import Field, FieldType, Policy, SchemaModel
from services.scaffold.own_tests.persona import variables
from services.scaffold.own_tests.source import TAKEN, free
from services.scaffold.own_tests.values import ENOUGH, Bounds, Samples, middle
from services.scaffold.plan import Reference, TablePlan
from services.scaffold.policies import Setter

_EMAIL = re.compile(r"(?:^e|_e|E)mail(?:_?[aA]ddress)?$")


@frozen
class Subject:
    """A table under test: what its schema says, beside how its backend's files call it."""

    plan: TablePlan
    by_field: Mapping[str, Reference]
    constant: str
    """What stands for the table in the tests."""
    role: str | None = None
    """Of memberships, the field with somebody's role in a team."""
    plain_role: str = ""
    """What plain members have there."""
    is_roomy: bool = False
    """Whether it can hold as many rows as tests make: not so where a unique value is one of few."""

    @property
    def policy(self) -> Policy:
        return self.plan.permissions.policy

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def fields(self) -> Sequence[Field]:
        return self.plan.fields

    @property
    def path(self) -> str:
        return f"/{self.plan.names.route}"

    @property
    def key(self) -> str:
        return self.plan.key.name

    @property
    def by_server(self) -> frozenset[str]:
        """The fields that are not for those to set who write a row as its owner or as anybody."""
        return frozenset(self.plan.permissions.setters)

    @property
    def managed(self) -> frozenset[str]:
        """The fields that those alone set whom a grant to a ROLE lets in."""
        return frozenset(name for name, setter in self.plan.permissions.setters.items() if setter is Setter.ROLE)

    @property
    def unique(self) -> frozenset[str]:
        return frozenset(field for names in self.plan.unique for field in names) | {self.key}

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def samples(self, field: Field) -> Samples:
        in_paths = field.name == self.key or field.name in self.plan.indexed
        is_email = _EMAIL.search(field.name) is not None
        secrecy = self.plan.secrecy.get(field.name)
        return Samples(field, key=in_paths, email=is_email, secrecy=secrecy, within=self._within(field))

    def _within(self, field: Field) -> Bounds:
        """Return between which days or moments the starts and ends of periods are."""
        middles = [(period, middle(self.field(period.start), self.field(period.end))) for period in self.plan.periods]
        lows = (between for period, between in middles if period.end == field.name)
        highs = (between for period, between in middles if period.start == field.name)
        return max(lows, default=None), min(highs, default=None)

    @property
    def sent(self) -> list[Field]:
        """The fields of a body that creates a row."""
        return [field for field in self.fields if self._is_sent(field.name)]

    def _is_sent(self, name: str) -> bool:
        return name not in self.by_server and not (name == self.key and self.plan.generates_keys)

    @property
    def changeable(self) -> list[Field]:
        fixed = {self.key, *self.plan.permissions.fixed}
        return [field for field in self.sent if field.name not in fixed]

    @property
    def shown(self) -> list[Field]:
        return [field for field in self.fields if field.name not in self.plan.secrecy]

    def initial(self, name: str) -> Any:
        """Return what a row has in a field with as little as it can have."""
        field = self.field(name)
        if name == self.role:
            return self.plain_role
        if field.default_value is not None or field.nullable:
            return field.default_value
        return self.samples(field).value(0)

    @property
    def few(self) -> frozenset[str]:
        """The fields of unique sets that have few values, so that rows of tests share them."""
        fields = [self.field(name) for name in self.unique - self.by_field.keys()]
        return frozenset(field.name for field in fields if self.samples(field).capacity() < ENOUGH)

    def is_alone_with(self, given: Iterable[str]) -> bool:
        """Whether there can be one row alone with given values in these fields."""
        shared = {*given, *(name for name in self.few if not self.field(name).nullable)}
        return any(set(names) <= shared for names in (*self.plan.unique, (self.key,)))

    @property
    def is_possible(self) -> bool:
        """Whether tests have a value for each of its fields."""
        return all(self.samples(field).is_possible() for field in self.fields)

    @property
    def has_room(self) -> bool:
        """Whether there are as many values as rows in all that no two of them share, but for what they refer to."""
        return all(self._room(names) >= ENOUGH for names in (*self.plan.unique, (self.key,)))

    def needed(self, *, alone: bool) -> frozenset[str]:
        """The tables that a row must refer to; with `alone` those of which each row, or each test, needs another.

        Tests make new ones of what says whose a row is.
        """
        references = [reference for reference in self.by_field.values() if not reference.nullable]
        own = self.unique | {self.policy.inherited_from}
        return frozenset(each.table for each in references if not alone or each.field in own)

    def _room(self, names: Sequence[str]) -> int:
        if any(name in self.by_field for name in names) or (names == (self.key,) and self.plan.generates_keys):
            return ENOUGH
        room = 1
        for name in names:
            room *= self.samples(self.field(name)).capacity()
        return room


class World:
    """All tables of a schema."""

    def __init__(self, schema: SchemaModel, plans: Sequence[TablePlan]) -> None:
        self.schema = schema
        own = [plan for plan in plans if not plan.is_made]
        self.makers = [f"{verb}{plan.names.type}" for plan in own for verb in ("any", "new")]
        """The functions that make rows of the tables."""
        constants = self._constants(own)
        subjects = {
            plan.name: Subject(
                plan,
                {reference.field: reference for reference in plan.references},
                constant,
                *_roles(schema, plan),
            )
            for plan, constant in zip(own, constants, strict=True)
        }
        roomy = _roomy(subjects)
        self.subjects: Mapping[str, Subject] = {
            name: replace(subject, is_roomy=name in roomy) for name, subject in subjects.items()
        }

    def _constants(self, plans: Sequence[TablePlan]) -> list[str]:
        """Choose what stands for each table: its variable, where nothing else of the tests is called so."""
        fields = {name for plan in plans for name in (plan.key.name, plan.created)}
        people = variables(plan.permissions.policy for plan in plans)
        constants: list[str] = []
        for plan in plans:
            taken = {*TAKEN, *self.makers, *fields, *people, *constants}
            constants.append(free(plan.names.variable, taken, "Records"))
        return constants

    @property
    def people(self) -> Subject | None:
        """The table whose rows are the users; without accounts, the one that owners are of."""
        if self.schema.accounts is not None:
            return self.subjects[self.schema.accounts.table]
        for subject in self.subjects.values():
            owner = subject.policy.owner
            if owner == subject.key:
                return subject
            if owner is not None and owner in subject.by_field:
                return self.subjects[subject.by_field[owner].table]
        return None

    @property
    def role_field(self) -> str | None:
        """The field of people with the roles that grants name; None where tokens have them."""
        return self.schema.accounts.role if self.schema.accounts is not None else None

    @property
    def teams(self) -> Subject | None:
        """The table of teams."""
        return self.subjects[self.schema.teams.table] if self.schema.teams is not None else None

    def is_membership(self, subject: Subject) -> bool:
        """Whether the rows of a table say who is in which team."""
        return self.schema.teams is not None and self.schema.teams.memberships == subject.name

    def has_others(self, subject: Subject, other: Subject) -> bool:
        """Whether the tests of one table begin with rows of another, its own or those that let people into teams."""
        return subject is other or self.is_membership(other)

    def is_member(self, subject: Subject, field: str) -> bool:
        """Whether a field names the user whom a membership lets into a team."""
        return self.schema.teams is not None and self.is_membership(subject) and self.schema.teams.user == field


def _roomy(subjects: Mapping[str, Subject]) -> frozenset[str]:
    """Return the tables that can hold many rows, all of which can refer to what they must."""
    possible = _supported(subjects, (name for name, each in subjects.items() if each.is_possible), alone=False)
    return _supported(subjects, (name for name in possible if subjects[name].has_room), alone=True)


def _supported(subjects: Mapping[str, Subject], names: Iterable[str], *, alone: bool) -> frozenset[str]:
    """Return those of the tables whose rows need no rows of others."""
    left = frozenset(names)
    while lacking := {name for name in left if not subjects[name].needed(alone=alone) <= left}:
        left -= lacking
    return left


def _roles(schema: SchemaModel, plan: TablePlan) -> tuple[str | None, str]:
    """Return the field of memberships with a role in a team, and the role of a plain member."""
    teams = schema.teams
    if teams is None or teams.role is None or teams.memberships != plan.name:
        return None, ""
    field = plan.field(teams.role)
    if field.default_value is not None:
        return teams.role, str(field.default_value)
    values = field.rules.values if field.rules is not None else ()
    return teams.role, next((value for value in values if value != teams.owner_role), "member")


def is_number(field: Field) -> bool:
    return field.type in {FieldType.INTEGER, FieldType.FLOAT}


def ignores_case(field: Field) -> bool:
    return field.type is FieldType.STRING and field.rules is not None and field.rules.case_insensitive
