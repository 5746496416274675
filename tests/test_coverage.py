"""The promise that docs/coverage.md names only what exists, and that the seeds' tables are ours."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from cli.main import cli
from services.bootstrap import TABLES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "coverage.md").read_text()
REFERENCE = ROOT / "docs" / "reference"

WITHOUT_TEST = re.compile(r"\b(MISSING|LATER|OTHERWISE|DEVELOPMENT|OUTSIDE)\b")

SEED_001: dict[str, tuple[str, dict[str, str]]] = {
    "projects": ("id+userId", {"UserIdIndex": "userId+createdAt", "StatusIndex": "status+updatedAt"}),
    "schemas": (
        "id+projectId",
        {
            "UserIdIndex": "userId+createdAt",
            "ProjectIdIndex": "projectId+version",
            "ProjectIdNameIndex": "projectId+name",
        },
    ),
    "architectures": (
        "id+projectId",
        {"UserIdIndex": "userId+createdAt", "ProjectIdIndex": "projectId+updatedAt"},
    ),
    "code-generations": (
        "id+projectId",
        {
            "UserIdIndex": "userId+createdAt",
            "ProjectIdIndex": "projectId+createdAt",
            "StatusIndex": "status+updatedAt",
        },
    ),
    "deployments": (
        "id+projectId",
        {
            "UserIdIndex": "userId+createdAt",
            "ProjectIdIndex": "projectId+createdAt",
            "UserIdStatusIndex": "userId+status",
            "EnvironmentIndex": "environment+createdAt",
        },
    ),
    "analytics": (
        "id+timestamp",
        {
            "UserIdTimestampIndex": "userId+timestamp",
            "ProjectIdIndex": "projectId+timestamp",
            "MetricIndex": "metric+timestamp",
        },
    ),
    "activity": (
        "id+createdAt",
        {
            "UserIdIndex": "userId+createdAt",
            "ProjectIdIndex": "projectId+createdAt",
            "EntityTypeIndex": "entityType+createdAt",
        },
    ),
    "documentation": (
        "id+projectId",
        {
            "UserIdIndex": "userId+createdAt",
            "ProjectIdIndex": "projectId+order",
            "ProjectIdCategoryIndex": "projectId+category",
        },
    ),
    "teams": ("id", {"UserIdIndex": "userId+createdAt"}),
    "settings": ("userId", {}),
    "integrations": (
        "id+userId",
        {
            "UserIdIndex": "userId+createdAt",
            "ProjectIdIndex": "projectId+type",
            "TypeIndex": "type+enabled",
        },
    ),
    "users": ("id", {"EmailIndex": "email"}),
}
"""The tables of seed 001 with their indexes; it leaves the keys to the stack, and those of 000 that agree are taken."""


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield the rows of the page's tables: the seed, what serves it, the tests."""
    for line in PAGE.splitlines():
        if line.startswith("| ") and not line.startswith("| seed |"):
            seed, here, tests = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
            yield seed, here, tests


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_row_has_a_test_or_says_why_not() -> None:
    bare = [seed for seed, here, tests in rows() if not tests and not WITHOUT_TEST.search(here)]

    assert len(list(rows())) > 200
    assert bare == []


def test_every_test_that_is_named_exists() -> None:
    named = {name for _, _, tests in rows() for name in quoted(tests)}
    named |= {name for name in quoted(PAGE) if "::" in name}
    existing = {name: functions(name.partition("::")[0]) for name in named}

    assert {name for name in named if name.partition("::")[2] not in existing[name]} == set()


def functions(path: str) -> set[str]:
    """Return the names of the tests in a file below tests/, without importing it."""
    file = ROOT / "tests" / path
    if not file.is_file():
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kinds)}


def test_everything_that_serves_a_row_exists() -> None:
    known = set(members()) | set(indexes()) | set(variables()) | set(files()) | set(endpoints())
    known |= {f"snapinfra {name}" for name in cli.commands}
    told = {"userErrors", "retryAfterMs", "expiresAt", "userId", "events", "ai", "clerk", "make check test"}

    strange = {name for _, here, _ in rows() for name in quoted(here) if name not in known | told}

    assert strange == set()


def members() -> Iterator[str]:
    """Yield `Type.field` for all that the committed SDL has."""
    for kind in build_schema((ROOT / "schema.graphql").read_text()).type_map.values():
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType() | GraphQLInputObjectType():
                yield from (f"{kind.name}.{field}" for field in kind.fields)
            case GraphQLEnumType():
                yield from (f"{kind.name}.{value}" for value in kind.values)
            case _:
                pass


def indexes() -> Iterator[str]:
    text = (REFERENCE / "tables.md").read_text()
    yield from re.findall(r"^\| (snapinfra-[a-z-]+) \|", text, re.MULTILINE)
    yield from re.findall(r"\b[A-Z]\w+Index\b", text)


def variables() -> list[str]:
    return re.findall(r"^\| `([A-Z0-9_]+)` \|", (REFERENCE / "settings.md").read_text(), re.MULTILINE)


def files() -> Iterator[str]:
    yield from (name for name in quoted(PAGE) if name.endswith(".py") and (ROOT / name).is_file())


def endpoints() -> list[str]:
    return re.findall(r'Route\("(/api/[^"]+)"', (ROOT / "graph" / "app.py").read_text())


def test_the_twelve_tables_of_the_seed_have_its_keys_indexes_ttls_and_streams() -> None:
    ours = {spec.name: spec for spec in TABLES}

    for name, (key, wanted) in SEED_001.items():
        spec = ours[name]
        found = {index.name: "+".join(filter(None, (index.partition, index.sort))) for index in spec.indexes}
        assert "+".join(spec.key) == key, name
        assert wanted.items() <= found.items(), name
    assert sum(len(wanted) for _, wanted in SEED_001.values()) == 28
    assert {name for name in SEED_001 if ours[name].stream} == {"projects", "deployments"}
    assert {name for name in SEED_001 if ours[name].ttl} == {"analytics", "activity", "code-generations"}


def test_nothing_scans() -> None:
    sources = [file for folder in ("services", "resolvers", "cli") for file in (ROOT / folder).rglob("*.py")]

    assert len(sources) > 100
    assert [file.name for file in sources if re.search(r"\.scan\(|[\"']Scan[\"']|\"scan\"", file.read_text())] == []
