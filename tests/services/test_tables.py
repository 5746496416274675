"""The promise that a table is its slice's own: no other reads it, writes it, or is given it.

Whose a table is says its entity: it is declared in the slice that has it. What another slice needs is a method of the
slice's service, or a part of a transaction that it makes.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import pytest

from services.bootstrap import TABLES
from services.core.frozen import frozen
from services.foundation.aws.tables import Table

ROOT: Final = Path(__file__).parents[2]
SHARED: Final[Mapping[str, str]] = {
    "services/lifecycle/archive.py": "copies by what every table declares, and knows none of their attributes",
    "services/lifecycle/owned_items.py": "deletes by what every table declares, and knows none of them",
    "services/projects/jobs.py": "is the base of the services of jobs, and each has a table of its own",
    "services/usage/service.py": "settles a record in one transaction with its counters, as its slice asks (ADR 17)",
}
"""Slices that handle tables of entities whose names they do not know, and why."""
STORAGE: Final = ("services/foundation/aws/", "services/bootstrap/")
RAW: Final = frozenset({"dynamodb", "transact_write_items", "batch_get_item", "update_item", "put_item"})
EXPRESSIONS: Final = frozenset(
    {"TransactItems", "RequestItems", "ExpressionAttributeNames", "ExpressionAttributeValues"}
    | {f"{what}Expression" for what in ("Condition", "Update", "KeyCondition", "Filter", "Projection")}
)
METHODS: Final = frozenset(name for name in dir(Table) if not name.startswith("_") and callable(getattr(Table, name)))
Scope = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
SLICE_OF_ENTITY: Final = {spec.entity.__name__: ".".join(spec.entity.__module__.split(".")[1:2]) for spec in TABLES}


@dataclass(frozen=True)  # without slots: it keeps its tree
class Source:
    """A file of `services/`, or a piece of code as if it stood there."""

    path: str
    text: str

    @property
    def room(self) -> str:
        return self.path.split("/")[1].removesuffix(".py")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


def sources() -> list[Source]:
    paths = sorted((ROOT / "services").rglob("*.py"))
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths]


def entities_of(annotation: ast.AST) -> Iterator[str]:
    """Yield the entity E of each Table[E] within an annotation."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Table":
            yield ast.unparse(node.slice)


def fields_of(tree: ast.Module) -> Iterator[tuple[str, str, ast.AST]]:
    """Yield class, name and annotation of each annotated attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield node.name, line.target.id, line.annotation


@frozen
class Declared:
    """What the attributes of all classes are declared to be, by class and attribute."""

    classes: Mapping[tuple[str, str], str]
    """Their classes, without what these are generic in."""
    tables: Mapping[tuple[str, str], str]
    """The rooms of those that are tables."""

    @classmethod
    def in_all(cls, files: list[Source]) -> Self:
        fields = [(file.room, owner, name, note) for file in files for owner, name, note in fields_of(file.tree)]
        classes = {(owner, name): class_of(note) for _, owner, name, note in fields}
        return cls(classes, {(owner, name): room for room, owner, name, note in fields if any(entities_of(note))})

    def class_at(self, node: ast.AST, names: Mapping[str, str]) -> str:
        """Return the class of what is read, such as `self.projects`; "" where no declaration says it."""
        if isinstance(node, ast.Name):
            return names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            return self.classes.get((self.class_at(node.value, names), node.attr), "")
        return ""


def class_of(annotation: ast.AST) -> str:
    return ast.unparse(annotation).partition("[")[0]


def faults(file: Source, declared: Declared) -> Iterator[str]:
    """Yield where a file handles a table of another slice's, or speaks to DynamoDB itself."""
    if file.path.startswith(STORAGE):
        return
    for node in ast.walk(file.tree):
        found = [*given(node, file), *raw(node), *(reaches(node, file, declared) if isinstance(node, Scope) else ())]
        for line, what in found:
            yield f"{file.path}:{line} {what}"


def given(node: ast.AST, file: Source) -> Iterator[tuple[int, str]]:
    """Yield tables of other slices' entities, and of unknown ones but in the foundation and in SHARED."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Table"):
        return
    entity = ast.unparse(node.slice)
    owner = SLICE_OF_ENTITY.get(entity)
    if owner is None and file.room not in {"foundation", "settings"} and file.path not in SHARED:
        yield node.lineno, f"is given a table of nobody knows whom: Table[{entity}]"
    if owner is not None and owner != file.room:
        yield node.lineno, f"is given the table of {owner}: Table[{entity}]"


def reaches(scope: Scope, file: Source, declared: Declared) -> Iterator[tuple[int, str]]:
    """Yield what is read of a table of another slice, by the class that its holder is declared to be.

    Of a holder that is not declared, what a table can do is known by its name.
    """
    names = {
        node.arg: class_of(node.annotation) for node in ast.walk(scope) if isinstance(node, ast.arg) and node.annotation
    }
    if isinstance(scope, ast.ClassDef):
        names["self"] = scope.name
    for node in ast.walk(scope):
        if not isinstance(node, ast.Attribute):
            continue
        room = declared.tables.get((declared.class_at(node.value, names), node.attr))
        if room not in {None, file.room, "foundation"}:
            yield node.lineno, f"reaches into {room}: {ast.unparse(node)}"
        if file.room != "foundation" and is_undeclared(node, declared, names):
            yield node.lineno, f"reaches into what is not declared: {ast.unparse(node)}"


def is_undeclared(node: ast.Attribute, declared: Declared, names: Mapping[str, str]) -> bool:
    """Say whether something is done with the table of a holder of which no declaration says what it is."""
    if not isinstance(node.value, ast.Attribute) or node.value.attr != "table" or node.attr not in METHODS:
        return False
    holder = node.value.value
    is_of_self = ast.unparse(holder).partition(".")[0] == "self"  # is looked at with its class
    return not declared.class_at(holder, names) and ("self" in names or not is_of_self)


def raw(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield DynamoDB's own calls and expressions."""
    if isinstance(node, ast.Attribute) and node.attr in RAW:
        yield node.lineno, f"speaks to DynamoDB itself: {ast.unparse(node)}"
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in EXPRESSIONS:
        yield node.lineno, f"writes a DynamoDB request: {node.value}"
    if isinstance(node, ast.keyword) and node.arg in EXPRESSIONS:
        yield node.value.lineno, f"writes a DynamoDB request: {node.arg}"


@pytest.fixture(scope="module")
def files() -> list[Source]:
    return sources()


@pytest.fixture(scope="module")
def declared(files: list[Source]) -> Declared:
    return Declared.in_all(files)


def test_a_table_is_read_and_written_by_its_own_slice_alone(files: list[Source], declared: Declared) -> None:
    assert [fault for file in files for fault in faults(file, declared)] == []


def test_what_is_exempt_is_there_and_needs_it() -> None:
    for path in SHARED:
        assert any(list(entities_of(node)) for node in ast.walk(ast.parse((ROOT / path).read_text()))), path


HEAD: Final = (
    "@dataclass\nclass Broken:\n    projects: Projects\n    deleted: DeletedProjects\n    schemas: Table[Schema]\n"
)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("self.projects.table.find('p')", "7 reaches into projects: self.projects.table"),
        ("table = self.projects.table", "7 reaches into projects: self.projects.table"),
        ("self.deleted.projects.table", "7 reaches into projects: self.deleted.projects.table"),
        ("given.table", "7 reaches into projects: given.table"),
        ("hidden().table.find('p')", "7 reaches into what is not declared: hidden().table.find"),
        ("self.aws.dynamodb.query()", "7 speaks to DynamoDB itself: self.aws.dynamodb"),
        ("query(KeyConditionExpression='')", "7 writes a DynamoDB request: KeyConditionExpression"),
        ("{'UpdateExpression': ''}", "7 writes a DynamoDB request: UpdateExpression"),
    ],
)
def test_a_slice_that_reaches_further_is_found(line: str, told: str, files: list[Source]) -> None:
    text = f"{HEAD}    def do(self, given: Projects):\n        {line}\n"
    broken = Source("services/deployments/broken.py", text)

    found = set(faults(broken, Declared.in_all([*files, broken])))

    assert found == {
        "services/deployments/broken.py:5 is given the table of schemas: Table[Schema]",
        f"services/deployments/broken.py:{told}",
    }
