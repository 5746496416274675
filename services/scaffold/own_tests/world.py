"""What the tests of a table need to know of the others: who the people are, what rows belong to, who may read what."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.core.frozen import frozen
from services.designs.schema import Field, FieldType, Policy, SchemaModel
from services.scaffold.own_tests.persona import variables
from services.scaffold.own_tests.source import TAKEN, free
from services.scaffold.own_tests.values import ENOUGH, Samples
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
        return Samples(field, key=in_paths, email=is_email, secrecy=self.plan.secrecy.get(field.name))

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
        if field.default_value is not None or field.nullable:
            return field.default_value
        return self.samples(field).value(0)

    @property
    def is_roomy(self) -> bool:
        """Whether it can hold as many rows as tests make: not so where a unique value is one of few."""
        return all(self.samples(field).is_possible() for field in self.fields) and all(
            self._room(names) >= ENOUGH for names in (*self.plan.unique, (self.key,))
        )

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
        self.subjects: Mapping[str, Subject] = {
            plan.name: Subject(plan, {reference.field: reference for reference in plan.references}, constant)
            for plan, constant in zip(own, constants, strict=True)
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

    def is_member(self, subject: Subject, field: str) -> bool:
        """Whether a field names the user whom a membership lets into a team."""
        return self.schema.teams is not None and self.is_membership(subject) and self.schema.teams.user == field


def is_number(field: Field) -> bool:
    return field.type in {FieldType.INTEGER, FieldType.FLOAT}
