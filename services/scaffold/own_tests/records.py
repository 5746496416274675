"""The tests that rows are created, read, replaced, changed, deleted and listed as the schema says."""

from collections.abc import Iterator

from services.designs.schema import Field, FieldType
from services.scaffold.lists import filterable, sortable
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import array, function, literal, members, quoted
from services.scaffold.own_tests.values import ENOUGH
from services.scaffold.plan import Pair


def tests(scene: Scene) -> Iterator[str]:
    """Yield the tests of what those can do whom the policy lets in."""
    yield from _creation(scene)
    yield from _changes(scene)
    yield from _versions(scene)
    yield from _deletion(scene)
    yield from _lists(scene)


def _creation(scene: Scene) -> Iterator[str]:
    creator = scene.who("create")
    if creator is None:
        return
    full, least = scene.full(), scene.least()
    sent = {name: value for name, value in full.items() if name not in scene.values}
    spread = {"...VALUES": "...VALUES"} if scene.values else {}
    yield _created(scene, creator, {**spread, **sent}, full, "is created, and shows what was sent and no more")
    if least.keys() != full.keys():
        yield _created(scene, creator, least, least, "has its defaults where nothing is sent")


def _created(scene: Scene, creator: str, sent: dict[str, str], body: dict[str, str], sentence: str) -> str:
    creation = scene.act("create", creator, members(sent), scene.expected(body, version=1))
    reader = scene.who_reads_new()
    if reader is None:
        return scene.test(sentence, creation)
    return scene.test(sentence, f"const record = {creation}", scene.act("read", reader, "record"))


def _changes(scene: Scene) -> Iterator[str]:
    changer = scene.who("update")
    if changer is None or not scene.subject.changeable:
        return
    body = scene.changed()
    replacement = scene.act("replace", changer, "record", members(body), _replaced(scene, body))
    yield scene.test("is replaced as a whole", scene.record(), replacement)

    managed = [scene.subject.field(name) for name in sorted(scene.managed("update"))]
    fields = [
        field
        for field in [*scene.subject.changeable, *managed]
        if field.name not in scene.subject.by_field and field.name not in scene.subject.plan.secrecy
    ]
    values = [f"[{quoted(field.name)}, {_changed(scene, field)}]" for field in fields for _ in range(2)]
    if values:
        change = scene.act("change", changer, "record", array(values))
        yield scene.test("is changed in one field, and in no other", scene.record(), change)
    for field in fields:
        if field.type is FieldType.JSON and scene.who_changes_new() == changer:
            yield _merged(scene, changer, field.name)


def _changed(scene: Scene, field: Field) -> str:
    """Write a value to change a field to; of JSON an array, since an object would be merged into the one before."""
    value = scene.next(field)
    return f"[{value}]" if field.type is FieldType.JSON else value


def _merged(scene: Scene, changer: str, name: str) -> str:
    """Write the test of a merge patch (RFC 7396)."""
    return scene.test(
        f"is changed within its {name} by what a patch has of it",
        f"const record = {scene.seeded({name: '{ a: 1, b: { c: 2, d: [3] } }'})};",
        f"const patch = {{ {name}: {{ b: {{ c: null, d: [4], e: {{}} }} }} }};",
        f"const answer = await {changer}.patch({scene.resource}.at(record), patch);",
        f"assert.deepEqual(answer.body.{name}, {{ a: 1, b: {{ d: [4], e: {{}} }} }});",
    )


def _replaced(scene: Scene, body: dict[str, str]) -> str:
    """Write what a row is once it is replaced: what it was before, where the body does not say."""
    plan = scene.subject.plan
    shown = {field.name: body.get(field.name, f"record.{field.name}") for field in scene.subject.shown}
    for field in scene.subject.shown:
        if field.name not in body and field.nullable:
            shown[field.name] = f"record.{field.name} ?? null"
    shown |= {plan.created: f"record.{plan.created}", plan.updated: plan.updated, "_version": "2"}
    return function(f"({{ {plan.updated} }})", members(shown))


def _versions(scene: Scene) -> Iterator[str]:
    """Yield the tests that each method goes by If-Match."""
    for person, actions in _by_person({action: scene.who(action) for action in ("update", "delete")}).items():
        bodies: dict[str, str] = {}
        if "update" in actions and scene.subject.changeable:
            body = scene.changed()
            bodies |= {"PUT": members(body), "PATCH": members(dict(list(body.items())[:1]))}
        if "delete" in actions:
            bodies["DELETE"] = "undefined"
        if bodies:
            stale = scene.act("refuseStale", person, "record", members(bodies))
            yield scene.test(f"stays as it is when {_listed(bodies)} means another version", scene.record(), stale)


def _listed(bodies: dict[str, str]) -> str:
    return " or ".join(bodies)


def _by_person(actions: dict[str, str | None]) -> dict[str, list[str]]:
    people: dict[str, list[str]] = {}
    for action, person in actions.items():
        if person is not None:
            people.setdefault(person, []).append(action)
    return people


def _deletion(scene: Scene) -> Iterator[str]:
    deleter = scene.who("delete")
    if deleter is not None:
        yield scene.test("is gone once deleted", scene.record(), scene.delete(deleter))


def _lists(scene: Scene) -> Iterator[str]:
    reader = scene.who("read")
    if reader is None:
        return
    if not is_alone(scene):
        names = ("first", "second", "third")
        rows = [f"const {name} = {scene.seeded()};" for name in names]
        yield scene.test("is listed by pages, newest first", *rows, scene.act("page", reader, array(names)))
    for name in scene.subject.plan.indexed:
        yield from _filter(scene, reader, name)
    yield from _found(scene, reader)
    for pair in scene.subject.plan.pairs:
        if pair.range in sortable(scene.subject.plan):
            yield from _ordered(scene, reader, pair)


def _found(scene: Scene, reader: str) -> Iterator[str]:
    """Yield the tests that a row is found by what it alone has."""
    subject, seeding = scene.subject, scene.cast.seeding()
    filters = {field.name for field in filterable(subject.plan)} - (subject.by_field.keys() - seeding.keys())
    listed = {(name,) for name in (*subject.plan.indexed, *subject.by_field)}
    given = {*seeding, *([subject.key] if subject.plan.generates_keys else [])}
    for names in subject.plan.unique:
        if names in listed or not filters.issuperset(names):
            continue
        # Another's row may not be theirs to see.
        own = {name: scene.next(subject.field(name)) for name in names if not (scene.cast.is_own_row or name in given)}
        others = [] if is_alone(scene) else [f"{scene.seeded()};"]
        wanted = members({name: own.get(name, f"record.{name}") for name in names})
        listing = scene.act("list", reader, wanted, "[record]")
        record = f"const record = {scene.seeded(own)};"
        yield scene.test(f"is found by its {' and '.join(names)}", record, *others, listing)


def _ordered(scene: Scene, reader: str, pair: Pair) -> Iterator[str]:
    """Yield the test that rows with the same value in one field are listed in the order of another."""
    names = (pair.field, pair.range)
    if is_alone(scene) or any(name in scene.subject.by_field or name in scene.subject.unique for name in names):
        return
    same, ordered = (scene.subject.samples(scene.subject.field(name)) for name in names)
    values = [literal(ordered.value(number)) for number in range(3)]
    if ordered.rules.values or ordered.capacity() < len(values):
        return
    value = literal(same.value(1))
    rows = [
        f"const {name} = {scene.seeded({pair.field: value, pair.range: place})};"
        for name, place in zip(("third", "first", "second"), (values[2], *values[:2]), strict=True)
    ]
    order = scene.act("order", reader, members({pair.field: value}), quoted(pair.range), "[first, second, third]")
    yield scene.test(f"is listed by {pair.field} in the order of {pair.range}", *rows, order)


def is_alone(scene: Scene) -> bool:
    """Whether those with whom a test begins can have only one row, as a user has one profile."""
    return scene.cast.is_own_row or scene.subject.is_alone_with(scene.cast.seeding())


def _filter(scene: Scene, reader: str, name: str) -> Iterator[str]:
    """Yield the test of a list by a field, unless its values are so few that those of other tests fill the list."""
    seeding = scene.cast.seeding()
    if name in seeding:
        if not _is_in_setup(scene, seeding[name]):
            yield _filter_by_parent(scene, reader, name)
    elif name not in scene.subject.by_field and _is_distinctive(scene, name):
        value = scene.next(scene.subject.field(name))
        others = [] if is_alone(scene) else [f"{scene.seeded()};"]
        listing = scene.act("list", reader, members({name: value}), "[record]")
        yield scene.test(f"is listed by {name}", f"const record = {scene.seeded({name: value})};", *others, listing)


def _is_distinctive(scene: Scene, name: str) -> bool:
    return scene.subject.samples(scene.subject.field(name)).capacity() >= ENOUGH


def _filter_by_parent(scene: Scene, reader: str, name: str) -> str:
    other = None if is_alone(scene) else _other(scene, name)
    others = [f"{scene.seeded({name: other})};"] if other is not None else []
    method, records = ("listAmongOthers", "record") if _is_shared(scene, name) else ("list", "[record]")
    wanted = [members({name: f"record.{name}"})] if method == "list" else [quoted(name), f"record.{name}"]
    listing = scene.act(method, reader, *wanted, records)
    return scene.test(f"is listed by {name}", scene.record(), *others, listing)


def _is_in_setup(scene: Scene, value: str) -> bool:
    """Whether the people of a test are in its team by rows of this very table."""
    teams = scene.world.schema.teams
    return teams is not None and teams.memberships == scene.subject.name and value.startswith("team.")


def _other(scene: Scene, name: str) -> str | None:
    reference = scene.subject.by_field.get(name)
    if reference is None or not scene.world.subjects[reference.table].is_roomy:
        return None
    parent = scene.world.subjects[reference.table]
    return f"(await new{parent.plan.names.type}()).{parent.key}"


def _is_shared(scene: Scene, name: str) -> bool:
    """Whether rows of other tests may have the same value."""
    variable = scene.cast.seeding()[name].partition(".")[0]
    return any(line.startswith(f"const {variable} = await any") for line in scene.cast.setup)
