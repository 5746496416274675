"""The installed packages that checks look at: folders that npm made once, for all who ask for the same."""

import asyncio
import os
import re
import shutil
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import field
from pathlib import Path
from typing import Final

from services.checks.dependencies import Dependencies
from services.checks.sandbox import restrained
from services.core.frozen import frozen
from services.platforms.folders import Room, hold, make_room, measure, publish, staged
from services.platforms.npm import cache_settings
from services.platforms.process import run, to_the_end
from services.platforms.registry import RegistryUnreachable, install

_MIB: Final = 1024**2
_GIB: Final = 1024**3
_NPM_MEMORY: Final = 3 * 1024
_LARGEST_FILE: Final = _GIB // 2
_TAIL: Final = 30

_OPTIONS: Final = (
    "--ignore-scripts",
    "--no-bin-links",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--include=dev",
    # packages from the registry only, also where a package asks for another
    "--allow-git=none",
    "--allow-remote=none",
    "--allow-file=none",
    "--allow-directory=none",
    "--git=no-git-here",
)
"""They go on the command line, where no .npmrc can undo them."""

_GUARDED_FROM: Final = (11, 14)
"""The npm that first knows --allow-remote, --allow-file and --allow-directory (https://github.com/npm/cli/pull/9287).
One before it takes no notice of them, and fetches from whatever address a package names."""

_VERSION: Final = re.compile(r"(\d{1,6})\.(\d{1,6})\.\d{1,6}\S{0,60}")

_CODES: Final = re.compile(
    r"E404|ETARGET|ENOVERSIONS|ERESOLVE|EINVALIDPACKAGENAME|EINVALIDTAGNAME|EUNSUPPORTEDPROTOCOL|EBADPLATFORM|EALLOW[A-Z]+"
)
"""npm's error codes that say that the package.json is at fault, and not this machine or its network."""


_ERROR: Final = re.compile(r"npm (?:error|ERR!) ?(\S.*)")


class NotInstallable(Exception):
    """What is asked for cannot be installed anywhere. The message has npm's reasons."""


class NotInstalled(Exception):
    """It could not be installed here and now."""


@frozen
class Npm:
    """How npm is called on this machine."""

    search_path: str
    cache: Path
    network: Mapping[str, str]
    """What it needs to reach its registry (see platforms.npm.network_settings)."""
    seconds: float = 120


@frozen
class Packages:
    """Folders under `root`, each with a node_modules."""

    root: Path
    npm: Npm
    room: Room = field(default_factory=Room)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @asynccontextmanager
    async def installed(self, wanted: Dependencies) -> AsyncGenerator[Path, None]:
        """Install what is not there yet, and keep it while the block runs.

        Raises NotInstallable or NotInstalled. No script of any package is run.
        """
        folder = self.root.resolve() / wanted.key
        held = hold(folder)
        if held is None:
            async with self._turn:  # one at a time: whoever waits may want the same
                while (held := hold(folder)) is None:
                    await self._install(wanted, folder)
        try:
            yield folder
        finally:
            os.close(held)

    async def _install(self, wanted: Dependencies, folder: Path) -> None:
        program = shutil.which("npm", path=self.npm.search_path)
        if program is None:
            raise NotInstalled("There is no npm on this machine.")
        most = self.room.bytes // 4
        async with staged(self.root) as staging:
            _write(wanted, staging)
            if not wanted.lock:
                await self._require_guard(program, staging)
            await self._call(program, "ci" if wanted.lock else "install", staging)
            if await to_the_end(asyncio.to_thread(measure, staging)) > most:
                raise NotInstallable(f"The dependencies are larger than {most // _MIB} MiB.")
            publish(staging, folder)
        await to_the_end(asyncio.to_thread(make_room, self.root, self.room))

    async def _require_guard(self, program: str, folder: Path) -> None:
        """Raise NotInstalled unless npm keeps to its registry when it is told to."""
        said: list[str] = []

        async def keep(text: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
            if not from_stderr:
                said.append(text)

        environment = {"PATH": self.npm.search_path, "HOME": str(folder), **cache_settings(self.npm.cache)}
        try:
            async with asyncio.timeout(self.npm.seconds):
                await run([program, "--version"], cwd=folder, environment=environment, on_line=keep, grace=0)
        except TimeoutError:
            raise NotInstalled(f"npm took longer than {self.npm.seconds:g} seconds.") from None
        version = _VERSION.fullmatch(said[0].strip()) if said else None
        if version is None:
            raise NotInstalled("npm does not tell its version.")
        if (int(version[1]), int(version[2])) < _GUARDED_FROM:
            least = ".".join(map(str, _GUARDED_FROM))
            raise NotInstalled(
                f"npm {version[0]} may fetch packages from any address: checking types needs npm {least} or newer,"
                " which keeps to its registry."
            )

    async def _call(self, program: str, verb: str, folder: Path) -> None:
        npm = self.npm
        said: deque[str] = deque(maxlen=_TAIL)

        async def keep(text: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
            if from_stderr:
                said.append(text)

        command = [program, verb, *_OPTIONS, *([] if verb == "ci" else ["--no-package-lock"])]
        environment = {"PATH": npm.search_path, "HOME": str(folder), **npm.network, **cache_settings(npm.cache)}
        held = restrained(command, seconds=npm.seconds, memory=_NPM_MEMORY, largest_file=_LARGEST_FILE)
        try:
            async with asyncio.timeout(npm.seconds):
                status = await install(
                    held, npm=program, cwd=folder, environment=environment, on_line=keep, on_wait=_wait, grace=0
                )
        except RegistryUnreachable as unreachable:
            raise NotInstalled(str(unreachable)) from unreachable
        except TimeoutError as error:
            raise NotInstalled(f"npm took longer than {npm.seconds:g} seconds.") from error
        if status:
            raise _failure(list(said), folder, is_ours=verb == "ci")


async def _wait(seconds: float) -> None:
    """Say nothing: a check tells only how it ended."""
    del seconds


def _write(wanted: Dependencies, folder: Path) -> None:
    (folder / "package.json").write_text(wanted.package)
    if wanted.lock:
        (folder / "package-lock.json").write_text(wanted.lock)


def _failure(said: list[str], folder: Path, *, is_ours: bool) -> NotInstallable | NotInstalled:
    """Tell from npm's output whose fault it is. npm's own log file and our folder are nobody's business."""
    errors = [match.group(1) for line in said if (match := _ERROR.match(line))]
    public = [line.replace(f"{folder}/", "") for line in errors if ".log" not in line]
    code = next((line.removeprefix("code ") for line in public if line.startswith("code ")), "no reason given")
    if _CODES.fullmatch(code) and not is_ours:
        return NotInstallable("\n".join(public))
    return NotInstalled(f"npm could not install the dependencies ({code}).")
