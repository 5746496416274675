"""The tests that a change touches, for the inner loop: `python -m tests.fast` runs them.

A test mirrors the module that it is about: of a changed module, the file of its name or of its package's, else the
mirrored folder. Changed tests are run themselves. What spans the whole (journeys, chaos, fuzz) is left to `make test`.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = {"bench", "cli", "graph", "resolvers", "services"}
ALWAYS: Final = ("tests/graph/test_schema.py", "tests/test_coverage.py", "tests/test_guards.py", "tests/test_readme.py")
"""Those that hold the schema, documents and lists to the code."""

OF_TABLES: Final = ("authorization", "creates", "inputs", "isolation", "repeats")
"""Tests of the resolvers that read the tables of tests/slices."""

MOST: Final = 15
"""Files of tests in a folder that one change touches; a larger folder is everybody's."""


def changed() -> list[Path]:
    """Return what differs from the main branch's last state that was fetched, and what is new, relative to the root."""
    tracked = _git("diff", "--name-only", "--diff-filter=d", "origin/main")
    new = _git("ls-files", "--others", "--exclude-standard")
    return [Path(name) for name in sorted({*tracked, *new})]


def touched(paths: Iterable[Path]) -> list[str]:
    """Return the tests of changed files, as pytest takes them."""
    found = {test for path in paths if path.suffix == ".py" for test in _tests_of(path)}
    return sorted(str(test) for test in found if not any(other in test.parents for other in found))


def _tests_of(path: Path) -> list[Path]:
    if path.parent == Path("tests/slices"):
        return [Path(f"tests/resolvers/test_{name}.py") for name in OF_TABLES]
    if path.parts[0] == "tests":
        return [path] if path.name.startswith("test_") else _in(path.parent)
    if path.parts[0] not in PACKAGES:
        return []
    folder = Path("tests", path.parent)
    named = [folder / f"test_{path.stem}.py", folder.parent / f"test_{folder.name}.py"]
    return next(([test] for test in named if (ROOT / test).exists()), _in(folder))


def _in(folder: Path) -> list[Path]:
    """Return a folder's tests, where it is one of a part and not of everything."""
    tests = list((ROOT / folder).glob("**/test_*.py"))
    return [folder] if 0 < len(tests) <= MOST else []


def _git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def main() -> None:
    tests = [*touched(changed()), *ALWAYS]
    sys.stdout.write("".join(f"  {test}\n" for test in tests))
    command = [sys.executable, "-m", "pytest", "--numprocesses", "2", "--dist", "loadfile", "--quiet", *tests]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
