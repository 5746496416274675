"""A table's tests in the writing: who is in them, the bodies that they send, and what an answer must show."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import indent
from typing import Any

from services.designs.schema import Field, OnDelete
from services.scaffold.own_tests.cast import Cast, cast
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.personas import everybody
from services.scaffold.own_tests.rights import Rights
from services.scaffold.own_tests.source import call, function, literal, members, quoted, test
from services.scaffold.own_tests.values import default
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.plan import Reference

_FIRST = 1


class Scene:
    """Values are numbered from `first` on: each has another number than those before it, wherever a field allows it."""

    def __init__(self, world: World, subject: Subject, people: Cast, *, begin: str, first: int = _FIRST) -> None:
        self.world, self.subject, self.cast = world, subject, people
        self.rights = Rights(world, subject)
        self.acting = {action: who for action, who in self.rights.choose().items() if self._is_able(who, action)}
        """Who does each action in the tests that are not about who may."""
        self._begin = begin
        self._first = self._number = first

    @property
    def resource(self) -> str:
        """The constant that stands for the table."""
        return self.subject.constant

    def managed(self, action: str) -> frozenset[str]:
        """The fields that the person of an action may set because of their role."""
        persona = self.acting.get(action)
        is_manager = persona is not None and self.rights.manages(persona, action)
        return self.subject.managed if is_manager else frozenset()

    def who(self, action: str) -> str | None:
        persona = self.acting.get(action)
        return persona.variable if persona is not None else None

    def who_deletes_new(self) -> str | None:
        """Return who deletes a row that was just created: nobody whose own account it would have to be.

        Nobody does where it is a team, whose creator has become its member, and that stands in the way.
        """
        deleter = self.acting.get("delete")
        if deleter is None or (self.subject is self.world.teams and self._do_members_hold):
            return None
        return deleter.variable if self._may_to_new(deleter, "delete") else None

    def who_changes_new(self) -> str | None:
        """Return who changes a row that was just made: nobody whose own account it would have to be."""
        changer = self.acting.get("update")
        return changer.variable if changer is not None and self._may_to_new(changer, "update") else None

    def who_reads_new(self) -> str | None:
        """Return who reads a row that was just created: nobody whose own account or membership it would have to be."""
        reader = self.acting.get("read")
        if reader is None or self.is_in_team_by_row(reader):
            return None
        return reader.variable if self._may_to_new(reader, "read") else None

    def _may_to_new(self, persona: Persona, action: str) -> bool:
        """Whether somebody may do something to a row that was just made.

        Not so where it would have to be their account; and of a team, they have the role that making one gives.
        """
        if self._is_by_own_row(persona, action):
            return False
        teams = self.world.schema.teams
        if teams is None or self.subject is not self.world.teams or persona.team_role is None:
            return True
        role = teams.owner_role or self.world.subjects[teams.memberships].plain_role
        return all(self.rights.may(replace(persona, team_role=role), needed) for needed in ("read", action))

    def _is_by_own_row(self, persona: Persona, action: str) -> bool:
        """Whether somebody may do something to a row, or see it, only because it is their account."""
        stranger = replace(persona, owns=False)
        may = all(self.rights.may(stranger, needed) for needed in ("read", action))
        return persona.owns and self.cast.is_own_row and not may

    def _is_able(self, persona: Persona, action: str) -> bool:
        """Whether nothing else keeps somebody from what they may do: what a row refers to, or what refers to it."""
        if action == "delete":
            return not self.is_held
        return action != "create" or (self.makes_rows and all(self.ties(persona, field) for field in self.referring))

    @property
    def is_held(self) -> bool:
        """Whether a row of these tests can't go, since it is a team and its memberships stand in the way."""
        return self.cast.is_own_team and self._do_members_hold

    def is_last_owner(self, row: Mapping[str, Any]) -> bool:
        """Whether a row with these values makes somebody the only owner of its team, who stays: its team is new."""
        teams = self.world.schema.teams
        if teams is None or teams.owner_role is None or not self.world.is_membership(self.subject):
            return False
        return self.cast.team is None and row.get(teams.role or "") == teams.owner_role

    @property
    def _do_members_hold(self) -> bool:
        teams = self.world.schema.teams
        if teams is None:
            return False
        return self.world.subjects[teams.memberships].by_field[teams.team].on_delete is OnDelete.RESTRICT

    @property
    def makes_rows(self) -> bool:
        """Whether the people of tests can make rows: not so where each is a row, and whoever makes one is it."""
        return self.subject.policy.owner != self.subject.key or self.subject.key not in self.subject.by_server

    def is_in_team_by_row(self, persona: Persona) -> bool:
        """Whether it is a row of this table that makes somebody a member of its team."""
        return persona.owns and self.world.is_membership(self.subject)

    def is_whose(self, name: str) -> bool:
        """Whether a field says whose a row is."""
        return name in (self.subject.policy.owner, self.subject.policy.team)

    def sees(self, persona: Persona, field: str) -> bool:
        """Whether somebody may read the row that a row of the table refers to."""
        return self.cast.sees(self.world, persona, self.cast.bonds[field])

    def ties(self, persona: Persona, field: str) -> bool:
        """Whether somebody may refer to it."""
        return self.cast.ties(self.world, persona, self.cast.bonds[field])

    @property
    def referring(self) -> list[str]:
        """The fields of a new row that refer to what whoever makes it must see."""
        subject = self.subject
        fields = [field for field in subject.by_field if field in self.cast.bonds and field != subject.policy.owner]
        return [field for field in fields if not self.world.is_member(subject, field)]

    @property
    def values(self) -> dict[str, str]:
        """The constant VALUES of a file: what bodies have that refers to nothing."""
        return {
            field.name: self._value(field, self._first)
            for field in self.subject.sent
            if field.name not in self.cast.parents and field.name not in self.subject.by_field
        }

    def body(self) -> dict[str, str]:
        """Write the members of a body that creates a row: VALUES, new ones of what is unique, what it refers to."""
        return self._body({field.name: self.next(field) for field in self.subject.sent if self._is_own(field)})

    def body_anew(self) -> dict[str, str]:
        """Write the same, with what is new each time that it is evaluated."""
        own = [field for field in self.subject.sent if self._is_own(field)]
        return self._body({field.name: self.subject.samples(field).running() for field in own})

    def _body(self, own: Mapping[str, str]) -> dict[str, str]:
        referring = {field.name: self._value(field) for field in self.subject.sent if field.name not in self.values}
        spread = {"...VALUES": "...VALUES"} if self.values.keys() - own.keys() else {}
        return {**spread, **own, **referring}

    def _is_own(self, field: Field) -> bool:
        return field.name in self.values and field.name in self.subject.unique

    def full(self) -> dict[str, str]:
        """Write all members of a body that creates a row."""
        return {field.name: self._value(field, self._first) for field in self.subject.sent}

    def least(self) -> dict[str, str]:
        """Write the members that a body cannot do without."""
        self._number += 1
        return {field.name: self._value(field) for field in self.subject.sent if not self.is_optional(field)}

    def is_optional(self, field: Field) -> bool:
        """Whether a body that creates a row may be without the field."""
        return field.name != self.subject.key and (field.nullable or field.default_value is not None)

    def changed(self) -> dict[str, str]:
        """Write the members of a body that replaces what may be changed of a row."""
        self._number += 1
        return {field.name: self._value(field) for field in self.subject.changeable}

    def next(self, field: Field) -> str:
        """Write one value more for a field."""
        self._number += 1
        return self._value(field)

    def _value(self, field: Field, number: int | None = None) -> str:
        """Write a value for a field: the row that it refers to, or one by number.

        A role in a team is the one that new members have: not all may give another.
        """
        if field.name in self.cast.parents:
            return self.cast.parents[field.name]
        if field.name in self.subject.by_field:
            return "null"
        if field.name == self.subject.role:
            return literal(self.subject.initial(field.name))
        return literal(self.subject.samples(field).value(self._number if number is None else number))

    def seeded(self, fields: Mapping[str, str] | None = None) -> str:
        """Write the expression for a row that is in the table without a request."""
        given = {**self.cast.seeding(), **(fields or {})}
        arguments = [members(given)] if given else []
        row = self.cast.row
        if row.endswith(".row") and not fields:
            return row
        if self.cast.is_own_team:
            return f"await {call('teamOf', row.removeprefix('teamOf('), *arguments)}"
        return f"await {call(f'new{self.subject.plan.names.type}', *arguments)}"

    def another(self, reference: Reference) -> str:
        """Write the key of a new row that a row of the table could refer to, besides the one that it refers to."""
        parent = self.world.subjects[reference.table]
        relation = self.cast.relation(parent, is_one_of_many=True)
        made = call(f"new{parent.plan.names.type}", *([members(relation)] if relation else []))
        return f"(await {made}).{parent.key}"

    def record(self) -> str:
        return f"const record = {self.seeded()};"

    def act(self, method: str, *arguments: str) -> str:
        """Write the call of a method of the table's resource, as a statement."""
        return f"await {call(f'{self.resource}.{method}', *arguments)};"

    def delete(self, deleter: str) -> str:
        """Write the deletion of the row that a test begins with: whoever deletes their account is nobody then."""
        accounts = self.world.schema.accounts
        is_account = accounts is not None and accounts.table == self.subject.name
        is_their_own = is_account and self.cast.is_own_row and self.acting["delete"].owns
        return self.act("delete", deleter, "record", *(["401"] if is_their_own else []))

    def expected(self, body: Mapping[str, str], *, version: int) -> str:
        """Write the function that makes of a new row in an answer what it must be."""
        plan = self.subject.plan
        shown = {field.name: self._shown(field, body) for field in self.subject.shown}
        taken = dict.fromkeys(name for name in (plan.key.name, plan.created) if shown.get(name, name) == name)
        shown |= {plan.created: plan.created, plan.updated: plan.created, "_version": str(version)}
        return function(f"({{ {', '.join(taken)} }})", members(shown))

    def _shown(self, field: Field, body: Mapping[str, str]) -> str:
        if field.name in body:
            return body[field.name]
        return field.name if field.name == self.subject.key else self._set_by_server(field)

    def _set_by_server(self, field: Field) -> str:
        given = {**self.cast.parents, **self.cast.owned}
        if field.name in given and self.is_whose(field.name):
            return given[field.name]
        return default(self.subject.samples(field))

    def test(self, sentence: str, *statements: str) -> str:
        """Write a test, which begins with the people and rows that stand in its statements."""
        code = "\n".join(statements)
        names = [name for name in self.cast.names if _stands_in(name, code)]
        begin = f"const {{ {', '.join(names)} }} = await {self._begin}();\n" if names else ""
        return test(sentence, begin + code)

    def arrange(self, code: str) -> str:
        """Write the function that makes the people and rows of a test, where any stand in the code."""
        if f"{self._begin}()" not in code:
            return ""
        lines = [*self.cast.setup, f"return {members({name: name for name in self.cast.names})};"]
        return f"async function {self._begin}() {{\n" + indent("\n".join(lines), "  ") + "\n}\n\n"


def of_few(world: World, subject: Subject, *, first: int = _FIRST) -> Scene:
    """Make the scene of the fewest people who can do all that the policy leaves to somebody."""
    acting = Rights(world, subject).choose()
    lead = acting.get("create") or next(iter(acting.values()), Persona())
    people = list(dict.fromkeys([lead, *acting.values()])) if acting else []
    return Scene(world, subject, cast(world, subject, people, lead=lead), begin="arrange", first=first)


def of_all(world: World, subject: Subject) -> tuple[Scene, Sequence[Persona]]:
    """Make the scene of all whom the policy tells apart, and return them with it."""
    people = list(everybody(world, subject))
    owners = [persona for persona in people if persona.owns]
    members = [persona for persona in people if persona.is_in_team]
    lead = next(iter([*owners, *members]), Persona())
    return Scene(world, subject, cast(world, subject, people, lead=lead, anew=True), begin="everybody"), people


def declared(subject: Subject, *, name: str | None = None) -> str:
    """Write the constant that stands for a table."""
    names = {
        "table": quoted(subject.name),
        "path": quoted(subject.path),
        "key": quoted(subject.key),
        "updated": quoted(subject.plan.updated),
    }
    return f"const {name or subject.constant} = new Resource({members(names)});"


def _stands_in(name: str, code: str) -> bool:
    return re.search(rf"(?<![\w.'`/]){name}(?=[.,)\]])", code) is not None
