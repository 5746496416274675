"""The tests that no answer shows a secret, and that none is kept as it was sent."""

from collections.abc import Iterator

from services.scaffold.own_tests.scene import Scene
from services.scaffold.own_tests.source import members, quoted


def tests(scene: Scene) -> Iterator[str]:
    """Yield a test for each secret field, of somebody who sets it."""
    creator = scene.who("create")
    for field in scene.subject.sent:
        if creator is not None and field.name in scene.subject.plan.secrecy:
            body = scene.body() | {field.name: quoted("a very secret text")}
            act = scene.act("hide", creator, members(body), quoted(field.name))
            yield scene.test(f"shows its {field.name} in no answer, and keeps it otherwise than it was sent", act)
