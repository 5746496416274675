"""The tests of which dependencies are fetched for a check."""

import json
from typing import Any

import pytest

from services.checks.dependencies import Declined, dependencies_of


def declined(package: Any) -> list[str]:
    with pytest.raises(Declined) as refusal:
        dependencies_of(json.dumps(package, indent=1, ensure_ascii=False))
    return [str(fault) for fault in refusal.value.faults]


def test_only_the_dependencies_are_taken_over() -> None:
    wanted = dependencies_of(
        json.dumps(
            {
                "name": "x",
                "scripts": {"postinstall": "touch /tmp/x"},
                "workspaces": ["../*"],
                "overrides": {"a": "file:../b"},
                "dependencies": {"joi": "^18.0.0", "express": "5.x || >=4 <6"},
                "devDependencies": {"@types/node": "latest"},
            }
        )
    )

    assert json.loads(wanted.package) == {
        "private": True,
        "dependencies": {"express": "5.x || >=4 <6", "joi": "^18.0.0"},
        "devDependencies": {"@types/node": "latest"},
    }
    assert wanted.lock is None


def test_the_same_dependencies_in_another_order_are_the_same() -> None:
    first = dependencies_of('{"name": "a", "dependencies": {"a": "1", "b": "2"}}')

    assert dependencies_of('{"dependencies": {"b": "2", "a": "1"}, "version": "2.0.0"}').key == first.key
    assert dependencies_of('{"dependencies": {"b": "2", "a": "2"}}').key != first.key


@pytest.mark.parametrize(
    "version",
    [
        "git+https://example.com/x.git",
        "git@example.com:x/y.git",
        "github:user/repo",
        "user/repo",
        "https://example.com/x.tgz",
        "file:../../secret",
        "../x",
        "..",
        "~/x",
        "/etc",
        "npm:other@1",
        "workspace:*",
        "x.tgz",
        "1.0.0-x.TAR.GZ",
        "1.0.0\n--x",
        "1" * 201,
    ],
)
def test_what_is_not_a_version_from_the_registry_is_declined(version: str) -> None:
    found = declined({"name": "x", "dependencies": {"fine": "^1.0.0", "odd": version}})

    assert len(found) == 1
    assert found[0].startswith("package.json:5:3 'odd' is wanted as '")


@pytest.mark.parametrize("name", ["../x", "", "a b", "@a", "a/b/c", ".bin", "UPPER", "--registry=x y", "x" * 215])
def test_what_is_not_the_name_of_a_package_is_declined(name: str) -> None:
    assert "is not the name of a package." in declined({"dependencies": {name: "1.0.0"}})[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [("{", "It is not valid JSON."), ("[" * 100_000, "It is nested too deeply.")],
    ids=["no JSON", "deep"],
)
def test_a_package_that_is_not_readable_is_declined(text: str, why: str) -> None:
    with pytest.raises(Declined) as refusal:
        dependencies_of(text)

    assert str(refusal.value) == f"package.json:1:1 {why}"


def test_numbers_of_any_length_are_read() -> None:
    wanted = dependencies_of('{"version": ' + "9" * 5000 + ', "dependencies": {"a": "1"}}')

    assert json.loads(wanted.package)["dependencies"] == {"a": "1"}


def test_a_dependencies_of_another_shape_is_declined() -> None:
    assert declined([]) == ["package.json:1:1 It is not an object."]
    assert declined({"dependencies": ["x"]}) == ["package.json:2:2 dependencies is not an object."]
    assert declined({"dependencies": {"x": 1}}) == ["package.json:3:3 The version of 'x' is not a text."]
    assert "101 dependencies" in declined({"dependencies": {f"x{number}": "1" for number in range(101)}})[0]
