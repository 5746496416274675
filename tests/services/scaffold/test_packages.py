"""The packages of a generated backend: pinned, locked, and from no particular registry."""

import json
import re
from typing import Any

import pytest
from msgspec.structs import replace

from services.designs.schema import Api, Field, FieldType, SchemaModel, Table
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema


def written(name: str, schema: SchemaModel | None = None) -> Any:
    table = Table(name="users", fields=(Field(name="id", type=FieldType.STRING, primary_key=True),))
    schema = schema or SchemaModel(tables=(table,))
    files = write_backend(project_name="My Shop", description='A "shop"', schema=schema)
    return json.loads(files[name])


def test_packages_are_pinned() -> None:
    package = written("package.json")

    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    assert package["engines"] == {"node": ">=22.13"}
    assert (package["name"], package["description"]) == ("my-shop-backend", "The backend of My Shop")


@pytest.mark.parametrize("api", Api)
@pytest.mark.parametrize("description", ["rockets", "Build a user management API with teams and roles"])
def test_the_lock_file_is_that_of_the_package(description: str, api: Api) -> None:
    schema = replace(derive_schema(description), api=api)
    package, lock = written("package.json", schema), written("package-lock.json", schema)

    root = lock["packages"][""]
    same = ("name", "version", "dependencies", "devDependencies", "engines")
    assert {name: root[name] for name in same} == {name: package[name] for name in same}, "run `make scaffold-lock`"
    assert lock["name"] == package["name"]
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


@pytest.mark.parametrize(
    ("api", "needed"), [(Api.REST, set[str]()), (Api.BOTH, {"graphql", "graphql-http", "dataloader"})]
)
def test_a_backend_has_the_packages_that_its_schema_needs_and_no_others(api: Api, needed: set[str]) -> None:
    rockets = replace(derive_schema("rockets"), api=api)
    optional = {"graphql", "graphql-http", "dataloader", "nodemailer", "@types/nodemailer"}

    package, locked = written("package.json", rockets), written("package-lock.json", rockets)["packages"]

    assert optional & (package["dependencies"] | package["devDependencies"]).keys() == needed
    assert {path.removeprefix("node_modules/") for path in locked} & optional == needed


def test_a_locked_package_has_its_hash_and_no_address() -> None:
    packages = written("package-lock.json")["packages"]

    for path, entry in packages.items():
        if path:
            assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", entry["integrity"]), path
        assert "resolved" not in entry
    assert len(packages) > 100


def test_nothing_of_opentelemetry_is_loaded_where_traces_are_not_asked_for() -> None:
    table = Table(name="users", fields=(Field(name="id", type=FieldType.STRING, primary_key=True),))
    files = write_backend(project_name="My Shop", description="A shop", schema=SchemaModel(tables=(table,)))

    code = {path: text for path, text in files.items() if path.startswith("src/") and not path.startswith("src/tests/")}
    assert {path for path, text in code.items() if "@opentelemetry" in text} == {"src/telemetry.ts"}
    imports = [line for text in code.values() for line in text.splitlines() if "/telemetry.js'" in line]
    assert sorted(imports) == [
        "  const { Telemetry } = await import('./telemetry.js');",
        "import type { Telemetry } from './telemetry.js';",
    ]
