"""Mutants of a backend: its code with one thing broken, which its own tests must notice."""

import asyncio
import math
import re
import shutil
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.platforms.process import run
from tests.backends.building import BackendFailed

AT_ONCE: Final = 2
PATIENCE: Final = 5
"""How many times as long as without a mutant its tests may take, before they count as hanging, and it as dead."""
TRANSPILE: Final = Path(__file__).parent / "transpile.mjs"
RUN: Final = "dist/tests/run.js"


_ANYTHING: Final = re.compile("")
_SHARED: Final = frozenset({"types.ts", "numbers.ts", "input.ts", "list.ts", "query.ts", "index.ts"})


@frozen
class Mutant:
    """What matches `pattern` in files below src is replaced, as by re.sub."""

    name: str
    path: str
    """Below src; with `*` for a file of each table."""
    pattern: re.Pattern[str]
    replacement: str
    needs: re.Pattern[str] = _ANYTHING
    """What the models or validations of a backend have where it makes a difference."""
    noticed: str = ""
    """A pattern for the titles of the tests that should notice it, which are tried before all others."""

    def places(self, folder: Path) -> list[Path]:
        """The files of a backend in which there is something to break that it needs.

        Raises BackendFailed where it is for a file that has changed since, so that it breaks nothing any more.
        """
        if not any(self.needs.search(path.read_text()) for path in _described(folder)):
            return []
        files = sorted((folder / "src").glob(self.path))
        places = [path for path in files if self.pattern.search(path.read_text())]
        if files and not places and "*" not in self.path:
            raise BackendFailed(f"{self.path} has nothing to break for the mutant: {self.name}")
        return places

    def apply(self, folder: Path) -> None:
        for place in self.places(folder):
            place.write_text(self.pattern.sub(self.replacement, place.read_text()))


def mutant(name: str, path: str, before: str, after: str, *, needs: str = "") -> Mutant:
    """Make one that replaces a text by another."""
    return Mutant(name, path, re.compile(re.escape(before)), after.replace("\\", r"\\"), re.compile(needs))


def noticed_by(titles: str, *mutants: Mutant) -> tuple[Mutant, ...]:
    """Say of mutants which tests should notice them."""
    return tuple(replace(mutant, noticed=titles) for mutant in mutants)


def _described(folder: Path) -> list[Path]:
    """The files of a backend that say what its tables are like."""
    source = folder / "src"
    return [
        *source.glob("models/*.ts"),
        *(path for path in source.glob("validation/*.ts") if path.name not in _SHARED),
    ]


@frozen
class Verdict:
    mutant: Mutant
    failed: str | None
    """The first test that failed, or how else it died; None for one that survived."""


async def mutate(folder: Path, mutants: Sequence[Mutant], environment: Mapping[str, str]) -> list[Verdict]:
    """Try each mutant that there is in a backend, which is installed and compiled, in a copy of it.

    Raises BackendFailed where its tests fail by themselves.
    """
    turns = asyncio.Semaphore(AT_ONCE)
    patience = PATIENCE * await _seconds_of_tests(folder, environment)

    async def verdict(number: int, mutant: Mutant) -> Verdict:
        async with turns, _copy(folder, number) as copy:
            await _break(copy, mutant, environment)
            failed = await first_failure(copy, environment, patience=patience, titles=mutant.noticed)
            return Verdict(mutant, failed or await first_failure(copy, environment, patience=patience))

    present = [mutant for mutant in mutants if mutant.places(folder)]
    return await asyncio.gather(*(verdict(number, mutant) for number, mutant in enumerate(present)))


async def _seconds_of_tests(folder: Path, environment: Mapping[str, str]) -> float:
    began = time.monotonic()
    failed = await first_failure(folder, environment, patience=math.inf)
    if failed is not None:
        raise BackendFailed(f"its tests fail without a mutant: {failed}")
    return time.monotonic() - began


@asynccontextmanager
async def _copy(folder: Path, number: int) -> AsyncGenerator[Path]:
    copy = folder.with_name(f"{folder.name}-mutant-{number}")
    await asyncio.to_thread(shutil.copytree, folder, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(folder / "node_modules")
    try:
        yield copy
    finally:
        await asyncio.to_thread(shutil.rmtree, copy)


async def _break(folder: Path, mutant: Mutant, environment: Mapping[str, str]) -> None:
    """Apply a mutant and transpile what it changes."""
    places = [str(place.relative_to(folder)) for place in mutant.places(folder)]
    await asyncio.to_thread(mutant.apply, folder)
    said: list[str] = []

    async def read(line: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        del from_stderr
        said.append(line)

    status = await run(["node", str(TRANSPILE), *places], cwd=folder, environment=environment, on_line=read, grace=5)
    if status:
        raise BackendFailed(f"{mutant.name}: {' / '.join(said[-10:])}")


async def first_failure(
    folder: Path, environment: Mapping[str, str], *, patience: float, titles: str = ""
) -> str | None:
    """Run the tests of a compiled backend and return the first that fails; None if none does.

    `titles` is a pattern for those of the tests to run; the empty text is for all.
    """
    failures = asyncio.Queue[str]()

    async def read(line: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        del from_stderr
        if line.lstrip().startswith("not ok "):
            await failures.put(line.strip())

    command = ["node", "--test-reporter=tap", *([f"--test-name-pattern={titles}"] if titles else []), RUN]
    tests = asyncio.create_task(run(command, cwd=folder, environment=environment, on_line=read, grace=5))
    failure = asyncio.create_task(failures.get())
    try:
        timeout = None if math.isinf(patience) else patience
        await asyncio.wait({tests, failure}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if failure.done():
            return failure.result()
        if tests.done():
            return f"status {tests.result()}" if tests.result() else None
        return f"nothing failed within {patience:.0f} seconds, but nothing ended either"
    finally:
        failure.cancel()
        tests.cancel()
        await asyncio.wait({tests})
