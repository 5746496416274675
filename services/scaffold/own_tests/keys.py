"""The tests of keys: of those that clients choose, and of how numbers are written in paths."""

from collections.abc import Iterator

from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import members
from services.scaffold.own_tests.world import is_number


def tests(scene: Scene) -> Iterator[str]:
    """Yield the tests that a key means one row: it is written in one way, taken once, and another's if used again."""
    creator, reader, subject = scene.who("create"), scene.who("read"), scene.subject
    if reader is not None and is_number(subject.plan.key):
        yield scene.test(
            "is found by its key as it is written", scene.record(), scene.act("missAliases", reader, "record")
        )
    if creator is None or subject.plan.generates_keys or subject.key in subject.by_server:
        return
    yield scene.test("is created where it is put, once", scene.act("createAt", creator, members(scene.body())))
    if scene.who("delete") == creator:
        yield scene.test(
            "is not meant by a tag of one before it", scene.act("recreate", creator, members(scene.body()))
        )
