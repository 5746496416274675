"""What TypeScript says of a project, asked in the sandbox. The version is ours, not the project's: what a
project names as its compiler would be a program of somebody else's.
"""

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from services.checks.dependencies import Dependencies
from services.checks.packages import Packages
from services.checks.port import SYNTAX, TYPES, FileFault
from services.checks.sandbox import BrokenOff, Sandbox
from services.core.frozen import frozen
from services.platforms.process import to_the_end

_HERE: Final = Path(__file__).resolve().parent / "node"
_SCRIPT: Final = _HERE / "check.mjs"
_CODE: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")


class GaveUp(Exception):
    """TypeScript did not come to an end with this project. The message says why."""


@frozen
class Answer:
    """The errors found; of very many only the first. `count` is how many there were."""

    faults: tuple[FileFault, ...]
    count: int
    version: str


@frozen
class TypeScript:
    """`tool` keeps TypeScript itself, installed on first need; `work` is a folder for what is being checked."""

    sandbox: Sandbox
    tool: Packages
    work: Path = Path(tempfile.gettempdir())

    async def syntax(self, files: Mapping[str, str]) -> Answer:
        """Parse each file that `is_code`. Raises GaveUp, NoNode, NotInstalled."""
        return await self._ask(SYNTAX, {path: text for path, text in files.items() if is_code(path)})

    async def types(self, files: Mapping[str, str], *, dependencies: Path) -> Answer:
        """Do what `tsc --noEmit` does; `dependencies` has the node_modules. Raises GaveUp, NoNode, NotInstalled."""
        return await self._ask(TYPES, files, dependencies)

    async def _ask(self, check: str, files: Mapping[str, str], *dependencies: Path) -> Answer:
        await self.sandbox.walls()  # without Node there is nothing to install
        wanted = Dependencies((_HERE / "package.json").read_text(), (_HERE / "package-lock.json").read_text())
        async with self.tool.installed(wanted) as folder:
            with tempfile.TemporaryDirectory(prefix="snapinfra-check-", dir=self.work) as work:
                project = await to_the_end(asyncio.to_thread(_write, files, Path(work)))
                shown = [folder / "node_modules" / "typescript", project, *dependencies]
                return _read(check, await self._run([check, *map(str, shown)], shown))

    async def _run(self, arguments: Sequence[str], readable: Sequence[Path]) -> Sequence[dict[str, Any]]:
        try:
            lines = await self.sandbox.run(_SCRIPT, arguments, readable=readable)
        except BrokenOff as broken:
            if not broken.lines:  # it did not even begin: that is not the project's fault
                raise OSError(str(broken)) from broken
            raise GaveUp(str(broken)) from broken
        return [cast("dict[str, Any]", json.loads(line)) for line in lines]


def is_code(path: str) -> bool:
    return path.endswith(_CODE)


def _write(files: Mapping[str, str], folder: Path) -> Path:
    project = folder.resolve() / "project.json"
    project.write_text(json.dumps(files))
    return project


def _read(check: str, lines: Sequence[Mapping[str, Any]]) -> Answer:
    _, *faults, end = lines
    return Answer(tuple(FileFault(check, **fault) for fault in faults), end["errors"], end["version"])
