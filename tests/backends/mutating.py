"""Mutants of a backend: its code with one thing broken, which its own tests must notice."""

import asyncio
import re
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.platforms.process import run

AT_ONCE: Final = 2
PATIENCE: Final = 180
"""Seconds after which a mutant whose tests hang counts as dead."""


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

    def places(self, folder: Path) -> list[Path]:
        """The files of a backend in which there is something to break that it needs."""
        if not any(self.needs.search(path.read_text()) for path in _described(folder)):
            return []
        return [path for path in sorted((folder / "src").glob(self.path)) if self.pattern.search(path.read_text())]

    def apply(self, folder: Path) -> None:
        for place in self.places(folder):
            place.write_text(self.pattern.sub(self.replacement, place.read_text()))


def mutant(name: str, path: str, before: str, after: str, *, needs: str = "") -> Mutant:
    """Make one that replaces a text by another."""
    return Mutant(name, path, re.compile(re.escape(before)), after.replace("\\", r"\\"), re.compile(needs))


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
    """Try each mutant that there is in a backend, which is installed and passes its tests, in a copy of it."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def verdict(number: int, mutant: Mutant) -> Verdict:
        async with turns, _copy(folder, number) as copy:
            await asyncio.to_thread(mutant.apply, copy)
            return Verdict(mutant, await first_failure(copy, environment))

    present = [mutant for mutant in mutants if mutant.places(folder)]
    return await asyncio.gather(*(verdict(number, mutant) for number, mutant in enumerate(present)))


@asynccontextmanager
async def _copy(folder: Path, number: int) -> AsyncGenerator[Path]:
    copy = folder.with_name(f"{folder.name}-mutant-{number}")
    await asyncio.to_thread(shutil.copytree, folder, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (copy / "node_modules").symlink_to(folder / "node_modules")
    try:
        yield copy
    finally:
        await asyncio.to_thread(shutil.rmtree, copy)


async def first_failure(folder: Path, environment: Mapping[str, str]) -> str | None:
    """Compile a backend, types unchecked, run its tests and return the first that fails; None if none does."""
    failures = asyncio.Queue[str]()

    async def read(line: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        del from_stderr
        if line.lstrip().startswith("not ok "):
            await failures.put(line.strip())

    await run(["npx", "tsc", "--noCheck"], cwd=folder, environment=environment, on_line=read, grace=5)
    command = ["node", "--test-reporter=tap", "dist/tests/run.js"]
    tests = asyncio.create_task(run(command, cwd=folder, environment=environment, on_line=read, grace=5))
    failure = asyncio.create_task(failures.get())
    try:
        await asyncio.wait({tests, failure}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if failure.done():
            return failure.result()
        if tests.done():
            return f"status {tests.result()}" if tests.result() else None
        return f"nothing failed within {PATIENCE} seconds, but nothing ended either"
    finally:
        failure.cancel()
        tests.cancel()
        await asyncio.wait({tests})
