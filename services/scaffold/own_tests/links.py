"""The tests that rows of two tables are linked, seen from one of the two."""

from collections.abc import Iterator, Sequence

from services.scaffold.own_tests.access import attempts
from services.scaffold.own_tests.below import of_list
from services.scaffold.own_tests.cast import Bond
from services.scaffold.own_tests.outcomes import NOT_FOUND, OK, of_action, ordinary
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.rights import Rights
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import call, loop, members, quoted
from services.scaffold.own_tests.world import Subject, is_number
from services.scaffold.plan import LinkSide


def tests(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    """Yield the tests of each relationship of many to many that a table is in."""
    for side in scene.subject.plan.links:
        if scene.world.subjects[side.table].is_roomy:
            yield from _Linking(scene, people, side).tests()


class _Linking:
    def __init__(self, scene: Scene, people: Sequence[Persona], side: LinkSide) -> None:
        self.scene, self.people, self.side = scene, people, side
        self.row, self.state = ordinary(scene)
        self.other = scene.world.subjects[side.table]
        self.through = scene.world.subjects.get(side.through)
        """The table of links, where the schema has it: they have a policy of their own then."""
        self.relation = scene.cast.relation(
            self.other, is_one_of_many=scene.world.has_others(scene.subject, self.other)
        )

    def tests(self) -> Iterator[str]:
        if self.side.is_writable:
            yield from self._changes()
        if self.through is None or self.through.is_roomy:
            yield self._list()

    def _changes(self) -> Iterator[str]:
        linker = next(filter(self._may_link, self.people), None)
        if linker is not None:
            make = f"await link.make({linker.variable}, record, other);"
            yield self._test(f"is linked to {self.other.name}, once however often, and no longer", make)
            yield self._test(f"is linked to no {self.other.name} that there are not", *self._absent(linker))
        refusals = self._refusals("other", self._bond)
        if refusals is None:
            return
        statements = ["await link.openly(record, other);", refusals]
        unlinked = self._refusals("another", self._bond_of_any)
        if unlinked is not None:
            statements += [f"const another = await {self._made({})};", unlinked]
        yield self._test(f"is linked to {self.other.name} by those who may, and by nobody else", *statements)

    def _refusals(self, variable: str, bond: Bond) -> str | None:
        """Write that those are refused who may not link the row that a variable holds; None where all may."""
        refused = [persona for persona in self.people if self._outcome(persona, bond) != OK]
        if not refused:
            return None
        outcomes = attempts(refused, lambda persona: self._outcome(persona, bond))
        return loop("[person, outcome]", outcomes, f"await link.refuse(person, record, {variable}, outcome);")

    def _outcome(self, persona: Persona, bond: Bond) -> int:
        """Return what comes of a link: to make or end it is to change the row on one side and refer to the other."""
        scene = self.scene
        if self.side.is_changed:
            status = of_action(scene.rights, persona, "update", self.state)
            is_tied = scene.cast.ties(scene.world, persona, bond)
        else:
            towards = scene.cast.towards(persona, bond)
            status = of_action(Rights(scene.world, self.other), towards, "update", bond.row)
            is_tied = scene.rights.may(persona, "read", self.state)
        return status if status != OK or is_tied else NOT_FOUND

    def _may_link(self, persona: Persona) -> bool:
        """Whether somebody may link an ordinary row, see what it is linked to from both sides, and end that."""
        through = self.through
        plain = Persona(role=persona.role, signed_in=persona.signed_in)
        is_free = through is None or all(
            plain.may(getattr(through.policy, action)) for action in ("create", "read", "delete")
        )
        sees_both = self.scene.rights.may(persona, "read", self.state) and self._sees(persona, self._bond)
        return is_free and sees_both and self._outcome(persona, self._bond) == OK

    @property
    def _bond(self) -> Bond:
        return self.scene.cast.bond(self.other, self.relation)

    @property
    def _bond_of_any(self) -> Bond:
        """That of a row which was made without saying whose it is."""
        return self.scene.cast.bond(self.other, {})

    def _sees(self, persona: Persona, bond: Bond) -> bool:
        return self.scene.cast.sees(self.scene.world, persona, bond)

    def _absent(self, linker: Persona) -> list[str]:
        """Write what fails as what is linked does not exist, or cannot be seen."""
        pairs = [("record", _nothing(self.other)), (_nothing(self.scene.subject), "other")]
        if not self._sees(linker, self._bond_of_any):
            pairs.append(("record", f"await {self._made({})}"))
        return [f"{call('await link.refuse', linker.variable, *pair, str(NOT_FOUND))};" for pair in pairs]

    def _list(self) -> str:
        """Write that who may read both, and the link between them, finds one of them below the other."""
        rows = [f"[{persona.variable}, {self._listed(persona)}]" for persona in self.people]
        arguments = ("person", "record", quoted(self.side.path), self.other.constant, "other", "outcome")
        return self._test(
            f"lists the {self.other.name} that it is linked to, for those who may read both",
            "await link.openly(record, other);" if self.through is None else self._put_in(self.through),
            loop("[person, outcome]", rows, self.scene.act("listBelow", *arguments)),
        )

    def _put_in(self, through: Subject) -> str:
        """Write what puts in a link that is a row of the schema's: one of whom the test is about, where it can be."""
        keys = {self.side.field: f"record.{self.scene.subject.key}", self.side.other: f"other.{self.other.key}"}
        return f"await {call(f'new{through.plan.names.type}', members(self.scene.cast.relation(through) | keys))};"

    def _listed(self, persona: Persona) -> str:
        is_shown = self._sees(persona, self._bond)
        if self.through is not None:
            is_shown = is_shown and self._sees(persona, self._bond_of_link(self.through))
        return of_list(self.scene, persona, self.state, self.other, is_shown=is_shown)

    def _bond_of_link(self, through: Subject) -> Bond:
        """Return whose the link is that was put in, where one of its two keys may be what says that."""
        cast, world, side = self.scene.cast, self.scene.world, self.side
        own = Bond(self.scene.subject, cast.is_own_row, cast.is_own_team, {})
        relation = cast.relation(through)
        for field, bond in ((side.field, own), (side.other, self._bond)):
            is_leads = bond.is_theirs and bond.subject is world.people and field == through.policy.owner
            is_teams = bond.is_teams and bond.subject is world.teams and field == through.policy.team
            relation.pop(field, None)
            if is_leads or is_teams:
                relation[field] = f"{cast.lead.variable}.id"
        return cast.bond(through, relation)

    def _test(self, sentence: str, *statements: str) -> str:
        names = {"path": self.side.path, "back": self._back, "through": self.side.through}
        ends = (self.scene.resource, self.other.constant)
        link = call("new Link", *ends, members({key: quoted(name) for key, name in names.items()}))
        return self.scene.test(
            sentence,
            *([f"const link = {link};"] if any("link." in statement for statement in statements) else []),
            f"const record = {self.row};",
            f"const other = await {self._made(self.relation)};",
            *statements,
        )

    def _made(self, fields: dict[str, str]) -> str:
        return call(f"new{self.other.plan.names.type}", *([members(fields)] if fields else []))

    @property
    def _back(self) -> str:
        """The path by which the other side lists the rows of this one."""
        sides = self.other.plan.links
        return next(side.path for side in sides if side.through == self.side.through and side.field == self.side.other)


def _nothing(subject: Subject) -> str:
    """Write a record that there is not."""
    return members({subject.key: "987654321" if is_number(subject.plan.key) else quoted("nothing")})
