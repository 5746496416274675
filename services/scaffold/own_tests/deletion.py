"""The tests of what becomes of the rows that refer to a deleted one."""

from collections.abc import Iterator

from services.core.frozen import frozen
from services.designs.schema import OnDelete
from services.scaffold.own_tests.records import is_alone
from services.scaffold.own_tests.scene import Scene, declared
from services.scaffold.own_tests.source import call, members
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.plan import Reference
from services.scaffold.template import fill


@frozen
class Dependant:
    subject: Subject
    reference: Reference

    @property
    def field(self) -> str:
        return self.reference.field

    def refer_to(self, record: str) -> str:
        """Write the call that makes a row of the table that refers to `record`."""
        key = f"{record}.{self.reference.key}"
        return call(f"new{self.subject.plan.names.type}", members({self.field: key}))


def dependants(world: World, subject: Subject) -> list[Dependant]:
    """Return the references to a table that tests can make rows with, in the order of the tables that have them."""
    return [
        Dependant(child, reference)
        for child in world.subjects.values()
        for reference in child.by_field.values()
        if reference.table == subject.name and child.is_roomy
    ]


def write_deletion(world: World) -> str | None:
    """Write the test of a deletion that goes on after the answer; None where nothing goes with anything."""
    roomy = [subject for subject in world.subjects.values() if subject.is_roomy]
    pairs = ((parent, each) for parent in roomy for each in dependants(world, parent) if _is_plain(world, parent, each))
    pair = next(pairs, None)
    if pair is None:
        return None
    parent, dependant = pair
    make = f"new{parent.plan.names.type}"
    return fill(
        "src/tests/deletion.test.ts",
        samples=", ".join(sorted({make, f"new{dependant.subject.plan.names.type}"})),
        resource=declared(parent, name="records"),
        child=declared(dependant.subject, name="children"),
        make=make,
        refer=dependant.refer_to("record"),
    )


def _is_plain(world: World, parent: Subject, dependant: Dependant) -> bool:
    """Whether rows of one table go with those of another, and say nothing of who is in a team."""
    is_cascade = dependant.reference.on_delete is OnDelete.CASCADE
    return is_cascade and dependant.subject is not parent and not world.is_membership(dependant.subject)


def tests(scene: Scene) -> Iterator[str]:
    """Yield a test for each table that refers to this one, and one of rows that come to refer to a row as it goes."""
    deleter = scene.who("delete")
    if deleter is None:
        return
    for dependant in dependants(scene.world, scene.subject):
        if dependant.reference.on_delete is OnDelete.RESTRICT:
            yield _prevented(scene, deleter, dependant)
        else:
            yield _followed(scene, deleter, dependant)
        if not is_alone(scene):
            yield _raced(scene, deleter, dependant)


def _prevented(scene: Scene, deleter: str, dependant: Dependant) -> str:
    return scene.test(
        f"is not deleted while {dependant.subject.name} refer to it by {dependant.field}",
        scene.record(),
        f"const child = await {dependant.refer_to('record')};",
        scene.act("refuseDelete", deleter, "record"),
        _still(scene, dependant, "child", "record"),
    )


def _followed(scene: Scene, deleter: str, dependant: Dependant) -> str:
    child = dependant.subject.constant
    if dependant.reference.on_delete is OnDelete.CASCADE:
        sentence = f"takes with it the {dependant.subject.name} that refer to it by {dependant.field}"
        after = [f"assert.equal(await {child}.stored(child), undefined);"]
    else:
        sentence = f"leaves behind the {dependant.subject.name} that refer to it by {dependant.field}"
        after = [
            f"const left = await {child}.stored(child);",
            "assert.equal(left?._version, 2);",
            f"assert.equal(left.{dependant.field} ?? null, null);",
        ]
    others = [
        f"const other = {scene.seeded()};",
        f"const childOfOther = await {dependant.refer_to('other')};",
    ]
    lines = [
        scene.record(),
        f"const child = await {dependant.refer_to('record')};",
        *([] if is_alone(scene) else others),
        scene.act("refuseStale", deleter, "record", "{ DELETE: undefined }"),
        _still(scene, dependant, "child", "record"),
        scene.delete(deleter),
        *after,
    ]
    if not is_alone(scene):
        lines.append(_still(scene, dependant, "childOfOther", "other"))
    return scene.test(sentence, *lines)


def _still(scene: Scene, dependant: Dependant, child: str, record: str) -> str:
    """Write that a child is as it was."""
    stored = f"(await {dependant.subject.constant}.stored({child}))?.{dependant.field}"
    return f"assert.equal({stored}, {record}.{scene.subject.key});"


def _raced(scene: Scene, deleter: str, dependant: Dependant) -> str:
    race = scene.act(
        "leaveNoOrphan",
        deleter,
        f"async () => {scene.seeded()}",
        dependant.subject.constant,
        f"(record) => {dependant.refer_to('record')}",
    )
    return scene.test(
        f"leaves no {dependant.subject.name} that come to refer to it by {dependant.field} as it goes", race
    )
