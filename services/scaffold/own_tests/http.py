"""The tests of what holds for every table, tried on one: `src/tests/http.test.ts` and `src/tests/lists.test.ts`."""

import re
from collections.abc import Iterator
from textwrap import indent

from services.designs.schema import FieldType
from services.scaffold.own_tests.samples import DISTINCT, parent_key
from services.scaffold.own_tests.scene import declared
from services.scaffold.own_tests.source import array, call, imported, literal, members, quoted, uses
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.policies import Setter
from services.scaffold.template import fill

_TEXTS = frozenset({FieldType.STRING, FieldType.TEXT})


def write_http(world: World) -> dict[str, str]:
    """Return content by path; nothing where tests can make rows of no table."""
    roomy = [subject for subject in world.subjects.values() if subject.is_roomy]
    if not roomy:
        return {}
    bodies = {subject.name: members(dict(_body(world, subject))) for subject in roomy}
    subject = max(roomy, key=lambda subject: _suits(subject, bodies[subject.name]))
    make, body = f"new{subject.plan.names.type}", bodies[subject.name]
    samples = sorted({make, *re.findall(r"await (\w+)\(", body)})
    imports = [
        *imported(body, DISTINCT, "./distinct.js"),
        f"import {{ {', '.join(samples)} }} from './samples.js';",
    ]
    places = {"path": subject.path, "created": subject.plan.created, "make": make}
    places["resource"] = declared(subject, name="records")
    return {
        "src/tests/http.test.ts": fill(
            "src/tests/http.test.ts",
            imports="\n".join(imports),
            newBody=_new_body(body),
            paths=array(quoted(each.path) for each in world.subjects.values()),
            **places,
        ),
        "src/tests/lists.test.ts": fill("src/tests/lists.test.ts", **places),
    }


def _suits(subject: Subject, body: str) -> tuple[bool, bool]:
    """Whether bodies differ from each other, and whether the table is a plain one."""
    return any(uses(body, name) for name in DISTINCT), subject.plan.generates_keys and not subject.plan.secrecy


def _new_body(body: str) -> str:
    """Write the function that makes a body, which waits where the body does."""
    is_waiting = "await " in body
    result = indent(f"return {body if is_waiting else call('Promise.resolve', body)};", "  ")
    return f"{'async ' if is_waiting else ''}function newBody(): Promise<Row> {{\n{result}\n}}"


def _body(world: World, subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield all that a body must have where nobody is asked, so that no token says whose the row is."""
    by_server = {name for name, setter in subject.plan.permissions.setters.items() if setter is Setter.SERVER}
    for field in subject.fields:
        if field.name in by_server or (field.name == subject.key and subject.plan.generates_keys):
            continue
        samples = subject.samples(field)
        if field.name in subject.by_field:
            if not field.nullable:
                yield field.name, parent_key(world, subject, field)
        elif field.name in subject.unique:
            yield field.name, samples.running()
        elif not field.nullable and field.default_value is None:
            yield field.name, samples.running() if field.type in _TEXTS else literal(samples.value(0))
