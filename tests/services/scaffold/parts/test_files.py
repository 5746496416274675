"""Tests of what parts change of the files of a backend."""

import json

from services.scaffold.backend import write_backend
from tests.services.scaffold.parts.drawn import PHOTOS, SCHEMA, backend


def test_without_built_parts_an_architecture_changes_the_readme_alone() -> None:
    plain = write_backend(project_name="Shop", description="A shop", schema=SCHEMA)

    drawn = backend()

    assert {path for path, text in drawn.items() if plain.get(path) != text} == {"README.md"}
    assert list(drawn) == list(plain)
    without = {path for path, text in plain.items() if path != "src/httpServer.ts" and "/parts/" in text}
    assert without == set()
    assert not any("parts" in path for path in plain)


def test_a_backend_has_the_packages_of_its_parts_and_no_others() -> None:
    package, lock = (json.loads(backend(PHOTOS)[f"package{name}.json"]) for name in ("", "-lock"))
    plain = json.loads(backend()["package-lock.json"])["packages"]

    added = lock["packages"].keys() - plain.keys()

    assert {"node_modules/@aws-sdk/client-s3", "node_modules/@aws-sdk/client-sts"} <= added
    assert package["dependencies"] == lock["packages"][""]["dependencies"]
    for entry in lock["packages"].values():
        for name in entry.get("dependencies", {}):
            assert f"node_modules/{name}" in lock["packages"]


def test_the_same_architecture_gives_the_same_files() -> None:
    assert backend(PHOTOS) == backend(PHOTOS)
