"""The tests that no two rows share what is unique."""

from collections.abc import Iterator, Sequence

from services.designs.schema import Field
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import array, members, quoted
from services.scaffold.own_tests.world import ignores_case


def tests(scene: Scene) -> Iterator[str]:
    """Yield a test for each set of fields that is unique, and for keys that clients choose."""
    subject, creator = scene.subject, scene.who("create")
    sets = [*([] if subject.plan.generates_keys else [(subject.key,)]), *subject.plan.unique]
    for number, names in enumerate(sets):
        # Of several that two rows share, the first is told; and of a set within which another is unique, the other.
        shared = {*names, *scene.cast.seeding(), *subject.few}
        is_first = not any(set(other) <= shared for other in sets[:number])
        if creator is not None and is_first and not any(set(other) < set(names) for other in sets):
            yield from _only_one(scene, creator, names)
    for field in subject.changeable:
        if (field.name,) in subject.plan.unique and field.name not in subject.by_field:
            yield from _change(scene, field)


def _only_one(scene: Scene, creator: str, names: Sequence[str]) -> Iterator[str]:
    """Rows with the same values are refused, until the first is gone: then one of three that come at once is made."""
    first = scene.body()
    given = {**scene.cast.seeding(), **first}
    if any(given.get(name, "null") == "null" for name in names):
        return
    shared = {name: first[name] for name in names if name in first}
    told = array(map(quoted, names))
    path = quoted(scene.subject.path)
    deleter = scene.who_deletes_new()
    made = f"await {creator}.post({path}, {members(first)});"
    lines = [
        f"const {{ body: record }} = {made}" if deleter is not None else made,
        scene.act("conflict", creator, members({**scene.body(), **shared}), told),
    ]
    field = scene.subject.field(names[0])
    if len(names) == 1 and ignores_case(field) and names[0] in shared:
        capitals = {field.name: shared[field.name].upper()}
        lines.append(scene.act("conflict", creator, members({**scene.body(), **capitals}), told))
    if deleter is not None:
        bodies = array(members({**scene.body(), **shared}) for _ in range(3))
        lines += [f"await {deleter}.delete({scene.resource}.at(record));", scene.act("createOne", creator, bodies)]
    yield scene.test(f"is the only one with its {' and '.join(names)}", *lines)


def _change(scene: Scene, field: Field) -> Iterator[str]:
    changer = scene.who("update")
    if changer is None or set(scene.cast.seeding()) & set(scene.subject.unique):
        return
    value = scene.next(field)
    taken = f"{scene.seeded({field.name: value})};"
    conflict = scene.act(
        "conflictOfChange", changer, "record", members({field.name: value}), array([quoted(field.name)])
    )
    yield scene.test(f"is not changed to have the {field.name} of another", taken, scene.record(), conflict)
    creator, first = scene.who("create"), scene.body()
    if creator is None or scene.who_changes_new() != changer or first.get(field.name, "null") == "null":
        return
    shared = {field.name: first[field.name]}
    change = scene.act("change", changer, "record", array([array([quoted(field.name), scene.next(field)])]))
    yield scene.test(
        f"gives up the {field.name} that it has no longer",
        f"const record = {scene.seeded(shared)};",
        change,
        scene.act("createOne", creator, array([members({**scene.body(), **shared})])),
    )
