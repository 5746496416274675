"""The tests of keys that clients choose."""

from collections.abc import Iterator

from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import members


def tests(scene: Scene) -> Iterator[str]:
    """Yield the tests that a key is taken once at a time, and that one used again is another row's."""
    creator, subject = scene.who("create"), scene.subject
    if creator is None or subject.plan.generates_keys or subject.key in subject.by_server:
        return
    yield scene.test("is created where it is put, once", scene.act("createAt", creator, members(scene.body())))
    if scene.who("delete") == creator:
        yield scene.test(
            "is not meant by a tag of one before it", scene.act("recreate", creator, members(scene.body()))
        )
