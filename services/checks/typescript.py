"""What TypeScript says of a project, asked in the sandbox. The version is ours, not the project's: what a
project names as its compiler would be a program of somebody else's.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from services.checks.dependencies import Dependencies
from services.checks.packages import Packages
from services.checks.port import SECURITY, SYNTAX, TYPES, FileFault
from services.checks.sandbox import BrokenOff, Sandbox
from services.core.frozen import frozen
from services.designs.schema import SchemaModel, encode
from services.platforms.process import to_the_end

_HERE: Final = Path(__file__).resolve().parent / "node"
_CHECK: Final = _HERE / "check.mjs"
_SECURITY: Final = _HERE / "security.mjs"
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

    async def security(self, files: Mapping[str, str], schema: SchemaModel) -> Answer:
        """Look for what a backend for a schema must not do, where files parse. Raises GaveUp, NoNode, NotInstalled."""
        await self.sandbox.walls()
        async with self.compiler() as typescript, self._work(files) as project:
            described = project.with_name("schema.json")
            described.write_bytes(encode(schema))
            return _read(SECURITY, await self._run(_SECURITY, [], [typescript, project, described], [_HERE]))

    async def _ask(self, check: str, files: Mapping[str, str], *dependencies: Path) -> Answer:
        await self.sandbox.walls()  # without Node there is nothing to install
        async with self.compiler() as typescript, self._work(files) as project:
            return _read(check, await self._run(_CHECK, [check], [typescript, project, *dependencies], []))

    @asynccontextmanager
    async def compiler(self) -> AsyncGenerator[Path]:
        """Yield the folder of TypeScript's package."""
        wanted = Dependencies((_HERE / "package.json").read_text(), (_HERE / "package-lock.json").read_text())
        async with self.tool.installed(wanted) as folder:
            yield folder / "node_modules" / "typescript"

    @asynccontextmanager
    async def _work(self, files: Mapping[str, str]) -> AsyncGenerator[Path]:
        """Yield a file, in a folder of its own, that has the contents by path."""
        with tempfile.TemporaryDirectory(prefix="snapinfra-check-", dir=self.work) as work:
            yield await to_the_end(asyncio.to_thread(_write, files, Path(work)))

    async def _run(
        self, script: Path, words: Sequence[str], shown: Sequence[Path], readable: Sequence[Path]
    ) -> Sequence[dict[str, Any]]:
        """Run a script with words and then paths, which it may read, as it may `readable`."""
        arguments = [*words, *map(str, shown)]
        try:
            lines = await self.sandbox.run(script, arguments, readable=[*shown, *readable])
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
