"""The tests of one table: `src/tests/<table>.test.ts`, put together from those of each kind."""

from collections.abc import Iterator

from services.scaffold.own_tests import (
    access,
    below,
    deletion,
    keys,
    links,
    moves,
    records,
    references,
    rules,
    secrets,
    standing,
    uniqueness,
)
from services.scaffold.own_tests.scene import declared, of_all, of_few
from services.scaffold.own_tests.source import imported, members, quoted, uses
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.template import fill

_KINDS = (
    records.tests,
    keys.tests,
    rules.tests,
    secrets.tests,
    uniqueness.tests,
    references.tests,
    deletion.tests,
)
_WHO_MAY = (access.tests, standing.tests, moves.tests, below.tests, links.tests)


def write_table(world: World, subject: Subject) -> str | None:
    """Write the test file of a table; None where there is nothing to test."""
    if not subject.is_roomy:
        return None
    scene, (crowd, people) = of_few(world, subject), of_all(world, subject)
    able = (test for kind in _KINDS for test in kind(scene))
    tests = "\n".join([*able, *(test for kind in _WHO_MAY for test in kind(crowd, people))])
    resources = [other for other in world.subjects.values() if uses(tests, other.constant)]
    values = f"const VALUES = {members(scene.values)};\n\n" if "...VALUES" in tests else ""
    arrange = scene.arrange(tests) + crowd.arrange(tests)
    return fill(
        "src/tests/table.test.ts",
        imports="\n".join(_imports(world, arrange + tests)),
        resources="".join(f"{declared(other)}\n" for other in resources),
        values=values,
        arrange=arrange,
        name=quoted(subject.name),
        tests=tests,
    )


def _imports(world: World, code: str) -> Iterator[str]:
    if "assert." in code:
        yield "import assert from 'node:assert/strict';"
    yield "import { describe, test } from 'node:test';\n"
    yield from imported(code, ("day", "moment", "number", "text"), "../distinct.js")
    yield from imported(code, ("Link",), "../link.js")
    yield from imported(code, ("nobody", "somebody", "teamOf"), "../people.js")
    yield "import { Resource } from '../resource.js';"
    yield from imported(code, makers(world), "../samples.js")


def makers(world: World) -> list[str]:
    """Return the names of what makes rows: `newUser`, `anyUser`."""
    kinds = [subject.plan.names.type for subject in world.subjects.values()]
    return sorted(f"{verb}{kind}" for kind in kinds for verb in ("any", "new"))
