"""Mutants of a backend: its code with one thing broken, which its own tests must notice."""

import asyncio
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.platforms.process import run
from tests.backends.building import BackendFailed
from tests.backends.subjects import write_files

AT_ONCE: Final = 2
TRANSPILE: Final = Path(__file__).parent / "transpile.mjs"
RUN: Final = "dist/tests/run.js"


_ANYTHING: Final = re.compile("")


@frozen
class Mutant:
    """What matches `pattern` in files below src is replaced, as by re.sub."""

    name: str
    path: str
    """Below src; with `*` for a file of each table."""
    pattern: re.Pattern[str]
    replacement: str
    noticed: str
    """A pattern for the titles of the tests that should notice it, which are tried before all others."""
    needs: re.Pattern[str] = _ANYTHING
    """What the model and the validation of some table have where it makes a difference."""

    def broken(self, folder: Path) -> dict[str, str]:
        """The files of a backend that it changes, as they are then; none where it makes no difference.

        Raises BackendFailed where it is for a file that has changed since, so that it breaks nothing any more.
        """
        if not any(self.needs.search(text) for text in _described(folder)):
            return {}
        sources = {str(path.relative_to(folder)): path.read_text() for path in (folder / "src").glob(self.path)}
        broken = {path: self.pattern.sub(self.replacement, source) for path, source in sources.items()}
        changed = {path: source for path, source in broken.items() if source != sources[path]}
        if sources and not changed and "*" not in self.path:
            raise BackendFailed(f"{self.path} has nothing to break for the mutant: {self.name}")
        return changed


def mutant(name: str, path: str, before: str, after: str, *, noticed: str, needs: str = "") -> Mutant:
    """Make one that replaces a text by another."""
    pattern, replacement = re.compile(re.escape(before)), after.replace("\\", r"\\")
    return Mutant(name, path, pattern, replacement, noticed, re.compile(needs))


def _described(folder: Path) -> Iterator[str]:
    """Yield what a backend says of each of its tables: the model, and behind it the validation, where it has one."""
    for model in (folder / "src" / "models").glob("*.ts"):
        validation = folder / "src" / "validation" / model.name
        is_of_table = validation.exists() and model.name != "index.ts"
        yield model.read_text() + (validation.read_text() if is_of_table else "")


@frozen
class Verdict:
    mutant: Mutant
    failed: str | None
    """The first test that failed, or how else it died; None for one that survived."""
    is_noticed: bool
    """Whether that was one of the tests that should notice it."""
    seconds: float


async def mutate(
    folder: Path,
    mutants: Sequence[Mutant],
    environment: Mapping[str, str],
    *,
    patience: float,
    tell: Callable[[Verdict], None],
) -> list[Verdict]:
    """Try each mutant that there is in a backend, which is installed and compiled, and whose tests pass.

    One whose tests have not ended within `patience` seconds is dead. `tell` is called with each verdict as it is found.
    """
    turns = asyncio.Semaphore(AT_ONCE)

    async def verdict(mutant: Mutant, copy: Path) -> Verdict:
        async with turns:
            began = time.monotonic()
            await asyncio.to_thread(_complete, copy, folder)
            noticed = await first_failure(copy, environment, patience=patience, titles=mutant.noticed)
            failed = noticed or await first_failure(copy, environment, patience=patience)
            # Where the server does not start, every test fails.
            is_noticed = noticed is not None and re.search(mutant.noticed, noticed) is not None
            verdict = Verdict(mutant, failed, is_noticed, time.monotonic() - began)
            tell(verdict)
            return verdict

    with tempfile.TemporaryDirectory(dir=folder.parent) as copies:
        present: dict[Path, Mutant] = {}
        for number, mutant in enumerate(mutants):
            if broken := mutant.broken(folder):
                copy = Path(copies) / str(number)
                write_files(copy, broken)
                present[copy] = mutant
        await _transpile(list(present), folder, environment)
        return await asyncio.gather(*(verdict(mutant, copy) for copy, mutant in present.items()))


async def _transpile(copies: Sequence[Path], folder: Path, environment: Mapping[str, str]) -> None:
    """Transpile the sources that the copies of a backend have."""
    said: list[str] = []

    async def read(line: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        del from_stderr
        said.append(line)

    command = ["node", str(TRANSPILE), *map(str, copies)]
    if await run(command, cwd=folder, environment=environment, on_line=read, grace=5):
        raise BackendFailed(f"transpiling mutants: {' / '.join(said[-10:])}")


def _complete(copy: Path, folder: Path) -> None:
    """Give a copy of a backend what it does not have yet; its packages are shared."""

    def needless(place: str, names: Sequence[str]) -> list[str]:
        beside = copy / Path(place).relative_to(folder)
        return [name for name in names if name in {"node_modules", "src"} or (beside / name).is_file()]

    shutil.copytree(folder, copy, ignore=needless, dirs_exist_ok=True)
    (copy / "node_modules").symlink_to(folder / "node_modules")


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
        await asyncio.wait({tests, failure}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if failure.done():
            return failure.result()
        if tests.done():
            return f"status {tests.result()}" if tests.result() else None
        return f"nothing failed within {patience:.0f} seconds, but nothing ended either"
    finally:
        failure.cancel()
        tests.cancel()
        await asyncio.wait({tests})
