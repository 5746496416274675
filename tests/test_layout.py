"""The promise that tests mirror the source: who knows where a thing is knows where its tests are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("cli", "graph", "resolvers", "services")

OF_THE_WHOLE: Final[Mapping[str, str]] = {
    "resolvers/test_authorization.py": "every root field of the SDL",
    "resolvers/test_conflicts.py": "every payload with a conflict",
    "resolvers/test_creates.py": "every mutation of the SDL",
    "resolvers/test_inputs.py": "every input of the SDL",
    "resolvers/test_isolation.py": "every path to an object",
    "resolvers/test_repeats.py": "every create of the SDL",
    "services/test_shape.py": "every slice",
    "services/test_tables.py": "every table",
}
"""Tests of no module but of a whole layer, and what of it they go through."""

BESIDE: Final[Mapping[str, str]] = {
    "backends": "backends that models wrote, built",
    "chaos": "streams while processes are killed",
    "clients": "clients of the documentation",
    "costs": "what operations ask of AWS and Redis",
    "e2e": "several processes at once",
    "evals": "how good providers' answers are",
    "fakes": "servers that stand in for others",
    "faults": "providers that fail at random",
    "fuzz": "random calls",
    "hostile": "attacks",
    "infra": "the stacks for AWS, in the emulator and with roles enforced",
    "kills": "workers that are lost while they deploy",
    "load": "thousands of sockets, a rolling restart, hours",
    "local_model": "a real model",
    "mutations": "streams of models, changed at random",
    "permissions": "what AWS lets each process do",
    "sentences": "how well the scaffold hears them",
    "slices": "each slice's part of the tables of tests",
    "vendors": "clients that the vendors of deploy targets wrote",
    "storm": "messages that come several times",
    "versions": "an earlier version beside this one",
}
"""Folders that mirror no package, and what they are about."""


def files() -> list[Path]:
    return sorted(
        path.relative_to(ROOT / "tests") for name in PACKAGES for path in (ROOT / "tests" / name).rglob("test_*.py")
    )


def modules(package: Path) -> Iterator[str]:
    """Yield the names of a package's modules and packages."""
    for path in (ROOT / package).iterdir():
        if path.suffix == ".py" or path.is_dir():
            yield path.stem


def names(test: Path) -> Iterator[str]:
    """Yield the modules that a test may be of by its name: test_guard_lost_clients.py is of guard."""
    words = test.stem.split("_")[1:]
    yield from ("_".join(words[: length + 1]) for length in range(len(words)))


def is_mirrored(test: Path) -> bool:
    """Say whether a test is of a module of a layer by its name, or stands in the folder of a package further down."""
    if not (ROOT / test.parent).is_dir():
        return False
    return len(test.parent.parts) > 1 or not set(modules(test.parent)).isdisjoint(names(test))


@pytest.mark.parametrize("test", files(), ids=str)
def test_a_test_stands_where_what_it_tests_does(test: Path) -> None:
    assert is_mirrored(test) != (test.as_posix() in OF_THE_WHOLE)


@pytest.mark.parametrize("test", ["graph/test_pace.py", "resolvers/providers/test_errors.py", "services/test_user.py"])
def test_a_test_of_something_else_is_noticed(test: str) -> None:
    assert not is_mirrored(Path(test))


def test_every_other_folder_says_what_it_is_about() -> None:
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/*.py")}

    assert folders - set(PACKAGES) == set(BESIDE)
    assert [test for test in OF_THE_WHOLE if not (ROOT / "tests" / test).is_file()] == []
