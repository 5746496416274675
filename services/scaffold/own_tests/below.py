"""The tests of what comes with a row: those that it refers to, and below its path those that refer to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from services.scaffold.lists import Child, children, expansion
from services.scaffold.own_tests.outcomes import NOT_FOUND, State, ordinary
from services.scaffold.own_tests.persona import Persona
from services.scaffold.own_tests.personas import member_role
from services.scaffold.own_tests.rights import Rights
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import call, literal, loop, members, quoted
from services.scaffold.own_tests.world import Subject


def tests(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    """Yield the tests that each of the people finds what they may read."""
    yield from _expansions(scene, people)
    for child in children(scene.subject.plan, [subject.plan for subject in scene.world.subjects.values()]):
        if scene.world.subjects[child.table].is_roomy:
            yield _list(scene, people, child)


def of_list(scene: Scene, persona: Persona, state: State, other: Subject, *, is_shown: bool) -> str:
    """Write what comes of a list of rows of another table below a row: a status, or whether it shows one of them."""
    refused = scene.rights.barred(persona, "read") or Rights(scene.world, other).barred(persona, "read")
    if refused is None and not scene.rights.may(persona, "read", state):
        refused = NOT_FOUND
    return literal(is_shown if refused is None else refused)


def _expansions(scene: Scene, people: Sequence[Persona]) -> Iterator[str]:
    row, state = ordinary(scene)
    names = {
        field: expansion(scene.subject.plan, reference)
        for field, reference in scene.subject.by_field.items()
        if field in scene.cast.bonds
    }
    readers = [persona for persona in people if scene.rights.may(persona, "read", state)]
    if names and readers:
        paths = members({name: _path(scene, field) for field, name in names.items()})
        rows = [f"[{reader.variable}, {members(_shown(scene, reader, names))}]" for reader in readers]
        expansions = loop("[person, shown]", rows, scene.act("expand", "person", "record", paths, "shown"))
        sentence = "comes with what it refers to, for those who may read that"
        yield scene.test(sentence, f"const record = {row};", expansions)


def _shown(scene: Scene, reader: Persona, names: Mapping[str, str]) -> dict[str, str]:
    return {name: literal(scene.sees(reader, field)) for field, name in names.items()}


def _path(scene: Scene, field: str) -> str:
    parent = scene.world.subjects[scene.subject.by_field[field].table]
    return call(f"{parent.constant}.at", members({parent.key: f"record.{field}"}))


def _list(scene: Scene, people: Sequence[Persona], child: Child) -> str:
    row, state = ordinary(scene)
    other, fields = scene.world.subjects[child.table], _fields(scene, child)
    rows: list[str] = []
    for persona in people:
        is_shown = _sees(scene, persona, child, fields)
        rows.append(f"[{persona.variable}, {of_list(scene, persona, state, other, is_shown=is_shown)}]")
    arguments = ("person", "record", quoted(child.path), other.constant, "child", "outcome")
    return scene.test(
        f"lists the {child.table} that refer to it by {child.field}, for those who may read both",
        f"const record = {row};",
        f"const child = await {call(f'new{other.plan.names.type}', members(fields))};",
        loop("[person, outcome]", rows, scene.act("listBelow", *arguments)),
    )


def _fields(scene: Scene, child: Child) -> dict[str, str]:
    """Write what a row has that refers to one of this table: its owner and team are the same, where it has any."""
    subject, other = scene.subject, scene.world.subjects[child.table]
    pairs = {other.policy.owner: subject.policy.owner, other.policy.team: subject.policy.team}
    shared = {own: f"record.{whose}" for own, whose in pairs.items() if own is not None and whose is not None}
    if other is subject and subject.is_alone_with(shared):
        shared = {}
    return {**{own: value for own, value in shared.items() if own != other.key}, child.field: f"record.{subject.key}"}


def _sees(scene: Scene, persona: Persona, child: Child, fields: Mapping[str, str]) -> bool:
    subject, other = scene.subject, scene.world.subjects[child.table]
    is_same_team = fields.get(other.policy.team or "") == f"record.{subject.policy.team}"
    is_same_owner = fields.get(other.policy.owner or "") == f"record.{subject.policy.owner}"
    seeing = replace(
        persona,
        owns=persona.owns and is_same_owner,
        team_role=persona.team_role if is_same_team else None,
    )
    if persona.owns and scene.world.is_member(other, child.field):
        seeing = replace(seeing, team_role=member_role(scene.world))
    row = {field.name: other.initial(field.name) for field in other.fields}
    return Rights(scene.world, other).may(seeing, "read", row)
