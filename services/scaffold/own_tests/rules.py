"""The tests of what each field accepts and refuses."""

from collections.abc import Iterator

from services.designs.schema import Field, FieldType
from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import array, literal, loop, members, quoted
from services.scaffold.own_tests.values import Samples, accepted, default, refused


def tests(scene: Scene) -> Iterator[str]:
    """Yield the tests of values on both sides of each bound, of all faults at once, and of what clients don't set."""
    creator, changer = scene.who("create"), scene.who("update")
    if creator is not None:
        yield from _refusals(scene, creator)
        yield _all_at_once(scene, creator)
        yield from _set_by_server(scene, creator)
    if changer is not None and scene.subject.changeable:
        yield from _acceptance(scene, changer)
        yield from _periods(scene, changer)
        yield from _growth(scene, changer)
        yield from _refused_changes(scene, changer)


def _plain(scene: Scene, fields: list[Field]) -> list[Field]:
    return [field for field in fields if field.name not in scene.subject.by_field]


def _refused(scene: Scene, field: Field) -> list[str]:
    """Write values that a field does not hold; of a reference, values that are no keys at all."""
    if field.name in scene.subject.by_field:
        return ["{}", "true", *(() if field.nullable else ("null",))]
    return list(refused(scene.subject.samples(field)))


def _refusals(scene: Scene, creator: str) -> Iterator[str]:
    pairs = [f"[{quoted(field.name)}, {value}]" for field in scene.subject.sent for value in _refused(scene, field)]
    if pairs:
        yield _refusing(scene, creator, pairs, "refuses values that a field does not hold")
    needed = [f"[{quoted(field.name)}, undefined]" for field in scene.subject.sent if not scene.is_optional(field)]
    if needed:
        yield _refusing(scene, creator, needed, "refuses to be without what it needs")


def _refusing(scene: Scene, creator: str, pairs: list[str], sentence: str) -> str:
    body = f"const body = {members(scene.body())};"
    refusal = scene.act("refuse", creator, "{ ...body, [field]: value }", "[field]")
    return scene.test(sentence, body, loop("[field, value]", pairs, refusal))


def _all_at_once(scene: Scene, creator: str) -> str:
    wrong = {field.name: values[0] for field in scene.subject.sent if (values := _refused(scene, field))}
    wrong |= {"surprise": "1"}
    left = {name: value for name, value in scene.body().items() if name not in wrong and name != "...VALUES"}
    refusal = scene.act("refuse", creator, members({**left, **wrong}), array(map(quoted, wrong)))
    return scene.test("tells all faults of a body at once", refusal)


def _set_by_server(scene: Scene, creator: str) -> Iterator[str]:
    subject = scene.subject
    left = {field.name for field in subject.sent} | scene.managed("create")
    given = {field.name: literal(subject.samples(field).value(1)) for field in subject.fields if field.name not in left}
    moment = quoted("2020-01-01T00:00:00.000Z")
    given |= {subject.plan.created: moment, subject.plan.updated: moment, "_version": "7"}
    pairs = [f"[{quoted(name)}, {value}]" for name, value in given.items()]
    yield _refusing(scene, creator, pairs, "refuses what only the server sets")


def _acceptance(scene: Scene, changer: str) -> Iterator[str]:
    pairs = [
        f"[{quoted(field.name)}, {value}]"
        for field in _plain(scene, scene.subject.changeable)
        if field.name not in {*scene.subject.plan.secrecy, scene.subject.role}
        for value in accepted(scene.subject.samples(field))
        if field.name not in scene.subject.unique or value != default(scene.subject.samples(field))  # a row has that
    ]
    if pairs:
        change = scene.act("change", changer, "record", array(pairs))
        yield scene.test("accepts values on the bounds of what a field holds", scene.record(), change)


def _periods(scene: Scene, changer: str) -> Iterator[str]:
    """Yield the tests that no period ends before it starts, whichever of the two is changed."""
    by_name = {field.name: field for field in scene.subject.changeable}
    for period in scene.subject.plan.periods:
        if not {period.start, period.end} <= by_name.keys():
            continue
        start, end = (scene.subject.samples(by_name[name]) for name in (period.start, period.end))
        early, late = literal(start.value(0)), scene.next(by_name[period.start])
        if early == late or end.bounds()[0] is not None:
            continue
        named = f"[{quoted(period.end)}]"
        yield scene.test(
            f"does not end at {period.end} before it starts at {period.start}",
            scene.record(),
            scene.act("refuseChange", changer, "record", members({period.start: late, period.end: early}), named),
            scene.act("change", changer, "record", f"[[{quoted(period.start)}, {late}]]"),
            scene.act("refuseChange", changer, "record", members({period.end: early}), named),
        )


def _growth(scene: Scene, changer: str) -> Iterator[str]:
    for field in scene.subject.changeable:
        if field.type is FieldType.JSON:
            growth = scene.act("growNoFurther", changer, "record", quoted(field.name))
            yield scene.test(f"grows by its {field.name} to what can be sent, and no further", scene.record(), growth)


def _refused_changes(scene: Scene, changer: str) -> Iterator[str]:
    changeable = _plain(scene, scene.subject.changeable)
    staying = [*_staying(scene), "['surprise', 1]"]
    pairs = [f"[{quoted(field.name)}, {value}]" for field in changeable for value in _refused(scene, field)[-1:]]
    refusal = scene.act("refuseChange", changer, "record", "{ [field]: value }", "[field]")
    sentence = "refuses changes to what a field does not hold, and to what stays as it is"
    yield scene.test(sentence, scene.record(), loop("[field, value]", [*pairs, *staying], refusal))

    body = f"const body = {members(scene.changed())};"
    refusal = scene.act("refuseReplacement", changer, "record", "{ ...body, [field]: value }", "[field]")
    sentence = "refuses to be replaced with other values in what stays as it is"
    yield scene.test(sentence, scene.record(), body, loop("[field, value]", staying, refusal))


def _staying(scene: Scene) -> Iterator[str]:
    """Yield the fields that no change may name, each with another value than a new row has: of a reference, a row."""
    subject = scene.subject
    for field in subject.fields:
        if field in subject.changeable or field.name in scene.managed("update"):
            continue
        reference = subject.by_field.get(field.name)
        is_possible = reference is not None and scene.world.subjects[reference.table].is_roomy
        value = scene.another(reference) if reference is not None and is_possible else _another(subject.samples(field))
        yield f"[{quoted(field.name)}, {value}]"


def _another(samples: Samples) -> str:
    """Write a value that a row made without one does not have; where there is one alone, what the field refuses."""
    has_default = samples.field.nullable or samples.field.default_value is not None
    initial = default(samples) if has_default else literal(samples.value(0))
    values = (literal(samples.value(number)) for number in (2, 3))
    return next((value for value in (*values, *refused(samples)) if value != initial), "null")
