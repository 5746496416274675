"""The tests of what GraphQL serves: the same rows, rules and policy as REST, asked for in its own way."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.designs.schema import Audience, Field, FieldType, Grant
from services.scaffold.graphql.accounts import reserved
from services.scaffold.graphql.names import Names, name_tables
from services.scaffold.graphql.sdl import creatable, type_of
from services.scaffold.own_tests.scene import Scene, of_few
from services.scaffold.own_tests.source import array, call, imported, members, quoted
from services.scaffold.own_tests.table import makers
from services.scaffold.own_tests.world import Subject, World
from services.scaffold.plan import TablePlan
from services.scaffold.template import fill, read

_FOLDER = "src/tests"
_FIRST = 801
"""Values of the tests by REST have smaller numbers."""
_ROUNDS = 3
"""How often a query goes from a record to those that refer to it and back, to be too deep."""


def graphql_tests(world: World, tables: Sequence[TablePlan]) -> dict[str, str]:
    """Write the tests of GraphQL: those of its bounds, and a file for each table."""
    named = {names.plan.name: names for names in name_tables(tables, reserved=reserved(world.schema))}
    written = {
        f"{_FOLDER}/graphql/{subject.plan.names.file}.test.ts": _file(world, subject, named[subject.name])
        for subject in world.subjects.values()
        if subject.is_roomy
    }
    first = next(iter(named.values()))
    bounds = fill(
        f"{_FOLDER}/graphql.test.ts",
        type=first.type,
        many=first.many,
        key=first.plan.key.name,
        created=first.plan.created,
        deep=_deep(named),
    )
    return {
        f"{_FOLDER}/graphqlResource.ts": read(f"{_FOLDER}/graphqlResource.ts"),
        f"{_FOLDER}/graphql.test.ts": bounds,
    } | {path: content for path, content in written.items() if content}


def _file(world: World, subject: Subject, names: Names) -> str:
    scene = of_few(world, subject, first=_FIRST)
    tests = "\n".join([*_creation(scene), *_change(scene), *_depth(scene), *_deletion(scene), *_refusals(scene)])
    arrange = scene.arrange(tests)
    code = arrange + tests
    imports = [
        "import { describe, test } from 'node:test';\n",
        "import { GraphqlResource } from '../graphqlResource.js';",
        *imported(code, ("nobody", "somebody", "teamOf"), "../people.js"),
        *imported(code, makers(world), "../samples.js"),
    ]
    values = f"const VALUES = {members(scene.values)};\n\n" if "...VALUES" in tests else ""
    return (
        fill(
            f"{_FOLDER}/table.test.ts",
            imports="\n".join(imports),
            resources=f"{_declared(subject, names)}\n",
            values=values,
            arrange=arrange,
            name=quoted(f"{subject.name} by GraphQL"),
            tests=tests,
        )
        if tests
        else ""
    )


def _declared(subject: Subject, names: Names) -> str:
    plan = subject.plan
    shown = [*(field.name for field in subject.shown), plan.created, plan.updated, "_version"]
    about = {
        "table": quoted(subject.name),
        "key": quoted(subject.key),
        "keyType": quoted(type_of(plan, plan.key)),
        "type": quoted(names.type),
        "one": quoted(names.one),
        "many": quoted(names.many),
        "fields": array(map(quoted, shown)),
    }
    return f"const resource = new GraphqlResource({members(about)});"


def _creation(scene: Scene) -> Iterator[str]:
    creator, reader = scene.who("create"), scene.who_reads_new()
    if creator is None or not creatable(scene.subject.plan):
        return
    body = scene.full()
    lines = [f"const record = {_call('create', creator, members(body), scene.expected(body, version=1))}"]
    if reader is not None:
        lines.append(_call("read", reader, "record"))
    yield scene.test("is created, read and listed", *(lines if reader is not None else [lines[0].partition(" = ")[2]]))


def _change(scene: Scene) -> Iterator[str]:
    changer = scene.who("update")
    field = next(iter(_plain(scene)), None)
    if changer is not None and field is not None:
        change = members({field.name: scene.next(field)})
        yield scene.test(
            "is changed, at the version that is meant", scene.record(), _call("change", changer, "record", change)
        )


def _depth(scene: Scene) -> Iterator[str]:
    changer = scene.who("update")
    field = next((field for field in scene.subject.changeable if field.type is FieldType.JSON), None)
    if changer is not None and field is not None:
        refusal = _call("refuseDepth", changer, "record", quoted(field.name))
        yield scene.test("is as shallow as by REST", scene.record(), refusal)


def _plain(scene: Scene) -> Iterator[Field]:
    """Yield the fields that show, once changed, what was sent."""
    for field in scene.subject.changeable:
        hidden = field.name in scene.subject.plan.secrecy
        if field.name not in scene.subject.by_field and not hidden and field.type is not FieldType.JSON:
            yield field


def _deletion(scene: Scene) -> Iterator[str]:
    deleter = scene.who("delete")
    if deleter is not None:
        yield scene.test("is gone once deleted", scene.record(), _call("delete", deleter, "record"))


def _refusals(scene: Scene) -> Iterator[str]:
    """Yield the tests that those are refused whom the policy does not let in: with no token, and with anybody's."""
    for who, lines, signed_in in (("nobody", [], False), ("stranger", ["const stranger = await somebody();"], True)):
        codes = dict(_codes(scene, signed_in=signed_in))
        if codes:
            refusal = _call("refuse", who, "record", members(codes))
            yield scene.test(f"is closed to {_WHO[who]}", scene.record(), *lines, refusal)


_WHO: Mapping[str, str] = {"nobody": "those without a token", "stranger": "somebody who has nothing to do with it"}


def _codes(scene: Scene, *, signed_in: bool) -> Iterator[tuple[str, str]]:
    """Yield what is refused with which code; a change comes with its input."""
    field = next(iter(_plain(scene)), None)
    for action in ("read", "update", "delete"):
        code = _code(scene.subject, action, signed_in=signed_in)
        if code is None:
            continue
        if action != "update":
            yield action, quoted(code)
        elif field is not None:
            yield action, f"[{members({field.name: scene.next(field)})}, {quoted(code)}]"


def _code(subject: Subject, action: str, *, signed_in: bool) -> str | None:
    """Return what somebody is told who is in no team, has no role and owns nothing; None where the row decides."""
    grants: tuple[Grant, ...] = getattr(subject.policy, action)
    if any(grant.when is not None for grant in (*grants, *subject.policy.read)):
        return None
    audiences = _audiences(grants)
    if Audience.PUBLIC in audiences or (signed_in and Audience.SIGNED_IN in audiences):
        return None
    if not signed_in:
        return "UNAUTHENTICATED"
    if audiences.isdisjoint({Audience.OWNER, Audience.TEAM}):
        return "FORBIDDEN"
    is_read = not _audiences(subject.policy.read).isdisjoint({Audience.PUBLIC, Audience.SIGNED_IN})
    return "FORBIDDEN" if is_read and action != "read" else "NOT_FOUND"


def _audiences(grants: Iterable[Grant]) -> set[Audience]:
    return {grant.audience for grant in grants}


def _call(method: str, *arguments: str) -> str:
    return f"await {call(f'resource.{method}', *arguments)};"


def _deep(named: Mapping[str, Names]) -> str:
    """Write the test of a query that goes to and fro until it is too deep, where some tables allow it."""
    for child in named.values():
        for back, reference in child.references.items():
            parent = named[reference.table]
            there = next((member for member, one in parent.children.items() if one.table == child.plan.name), None)
            if there is not None and parent.plan.name != child.plan.name:
                key = child.plan.key.name
                inner = f"{back} {{ {there}(limit: 1) {{ items {{ " * _ROUNDS + key + " } } }" * _ROUNDS
                query = f"{{ {child.many}(limit: 1) {{ items {{ {inner} }} }} }}"
                return fill(f"{_FOLDER}/graphql.deep.ts", query=quoted(query))
    return ""
