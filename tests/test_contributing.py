"""The promise that "Add a slice" in CONTRIBUTING.md names the files that a slice touches, and no others have to."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
STEPS = re.findall(r"^\d+\. `([^`]+)`:", GUIDE.partition("## Add a slice")[2].partition("\n## ")[0], re.MULTILINE)
"""The files of the example, `architectures`."""

NUMBERS = {"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13}
SLICES = sorted(path.stem for path in (ROOT / "tests/slices").glob("*.py"))

SHARED = ("graph/**/*.py", "services/bootstrap/*.py", "services/core/*.py", "services/foundation/**/*.py")
TOLD_OF: dict[str, set[str]] = {
    "api_keys": {"services/bootstrap/identity.py"},
    "architectures": {"resolvers/loaders.py", "services/bootstrap/working.py"},
    "collaboration": set(),
    "documentation": {"services/bootstrap/working.py"},
    "environments": {"resolvers/loaders.py", "services/bootstrap/working.py"},
    "integrations": {"services/bootstrap/working.py"},
    "schemas": {"resolvers/loaders.py", "services/bootstrap/working.py"},
}
"""Shared files that know more of a slice: what generations make, what many objects refer to, who signs in."""


def names_of(name: str) -> re.Pattern[str]:
    """Return what mentions a slice in code: its modules, its service and tables, its field of `Services`."""
    return re.compile(rf"\b(services|resolvers)\.{name}\b|\bimport {name}\b|\b{name.upper()}\b|[( ]{name}: ")


def shared() -> Iterator[str]:
    """Return the source files that belong to no slice."""
    rooms = chain.from_iterable(ROOT.glob(pattern) for pattern in SHARED)
    beside = (path for path in (ROOT / "resolvers").glob("*.py") if path.stem not in SLICES)
    for path in chain(rooms, beside):
        yield str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    return "".join(file.read_text() for file in path.glob("*.py")) if path.is_dir() else path.read_text()


def test_the_files_of_the_example_are_as_many_as_is_said_and_are_about_it() -> None:
    said = re.search(r"touches (\w+)\s+files", GUIDE)

    assert said is not None
    assert len(STEPS) == len(set(STEPS)) == NUMBERS[said[1]]
    assert [step for step in STEPS if not (ROOT / step).exists()] == []
    assert [step for step in STEPS if "architecture" not in text_of(ROOT / step).lower()] == []


@pytest.mark.parametrize("name", TOLD_OF)
def test_no_shared_file_but_those_on_the_list_is_about_a_slice(name: str) -> None:
    about = {path for path in shared() if names_of(name).search((ROOT / path).read_text())}

    assert sorted(about - set(STEPS) - TOLD_OF[name]) == [], "a step for it is missing in CONTRIBUTING.md"
    assert sorted(TOLD_OF[name] - about) == []


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_has_its_name_in_resolvers_and_in_tests(name: str) -> None:
    assert (ROOT / "resolvers" / name).is_dir() or (ROOT / "resolvers" / f"{name}.py").is_file()
    assert list((ROOT / "tests/resolvers").glob(f"test_{name}*.py")) or name == "nodes"
