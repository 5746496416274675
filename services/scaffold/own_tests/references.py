"""The tests that references lead somewhere."""

from collections.abc import Iterator

from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import members, quoted
from services.scaffold.own_tests.world import is_number


def tests(scene: Scene) -> Iterator[str]:
    """Yield the tests that a row refers to no row that there is not, neither when created nor when changed."""
    creator, changer = scene.who("create"), scene.who("update")
    for field in scene.subject.sent:
        if field.name not in scene.subject.by_field:
            continue
        nothing = {field.name: _nothing(scene, field.name)}
        named = f"[{quoted(field.name)}]"
        lines: list[str] = []
        if creator is not None:
            lines.append(scene.act("refuse", creator, members({**scene.body(), **nothing}), named))
        if changer is not None and field in scene.subject.changeable:
            lines.append(scene.record())
            lines.append(scene.act("refuseChange", changer, "record", members(nothing), named))
        if lines:
            yield scene.test(f"refers to a record by {field.name}, or is refused", *lines)


def _nothing(scene: Scene, name: str) -> str:
    parent = scene.world.subjects[scene.subject.by_field[name].table]
    return "987654321" if is_number(parent.plan.key) else quoted("nothing")
