"""The installed packages that checks look at: folders that npm made once, for all who ask for the same.

Worker processes share them too. Whoever uses a folder holds a shared lock on it (flock), and nobody removes one that is
held. A folder appears under its name by one renaming, complete.
"""

import asyncio
import fcntl
import os
import re
import shutil
import tempfile
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.checks.dependencies import Dependencies
from services.checks.sandbox import restrained
from services.platforms.npm import cache_settings
from services.platforms.process import run, to_the_end
from services.platforms.registry import RegistryUnreachable, install

_MIB: Final = 1024**2
_GIB: Final = 1024**3
_NEW: Final = "new-"
_OLD: Final = "old-"
_SIZE: Final = "size"
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


@dataclass(frozen=True, slots=True)
class Npm:
    """How npm is called on this machine."""

    search_path: str
    cache: Path
    network: Mapping[str, str]
    """What it needs to reach its registry (see platforms.npm.network_settings)."""
    seconds: float = 120


@dataclass(frozen=True, slots=True)
class Room:
    """How much is kept; what was used longest ago goes first."""

    folders: int = 16
    bytes: int = 4 * _GIB
    """Of all folders, and a quarter of it of each."""


@dataclass(frozen=True, slots=True)
class Packages:
    """Folders under `root`, each with a node_modules."""

    root: Path
    npm: Npm
    room: Room = Room()
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @asynccontextmanager
    async def installed(self, wanted: Dependencies) -> AsyncGenerator[Path, None]:
        """Install what is not there yet, and keep it while the block runs.

        Raises NotInstallable or NotInstalled. No script of any package is run.
        """
        folder = self.root.resolve() / wanted.key
        held = _hold(folder)
        if held is None:
            async with self._turn:  # one at a time: whoever waits may want the same
                while (held := _hold(folder)) is None:
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
        async with _staging(self.root, wanted) as staging:
            if not wanted.lock:
                await self._require_guard(program, staging)
            await self._call(program, "ci" if wanted.lock else "install", staging)
            size = await to_the_end(asyncio.to_thread(_size, staging))
            if size > most:
                raise NotInstallable(f"The dependencies are larger than {most // _MIB} MiB.")
            (staging / _SIZE).write_text(str(size))
            _publish(staging, folder)
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


def make_room(root: Path, room: Room) -> None:
    """Remove what was used longest ago, and what installs and removals that broke off have left. Blocks."""
    size = 0
    for number, folder in enumerate(_by_use(root), 1):
        size += _recorded_size(folder)
        if number > room.folders or size > room.bytes:
            _remove(folder)
    for folder in (*root.glob(f"{_NEW}*"), *root.glob(f"{_OLD}*")):
        _remove(folder)


def _hold(folder: Path) -> int | None:
    """Lock a folder for use; None where it is not there. Others lock it exclusively only while they rename it."""
    held = _lock(folder, fcntl.LOCK_SH)
    if held is not None:
        os.utime(held)
    return held


@asynccontextmanager
async def _staging(root: Path, wanted: Dependencies) -> AsyncGenerator[Path, None]:
    """Make a folder to install in, locked, so that whoever finds it unlocked knows that its maker is gone."""
    folder, held = _new(root)
    try:
        _write(wanted, folder)
        yield folder
    finally:
        os.close(held)
        # not there any more if it was published
        await to_the_end(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


def _new(root: Path) -> tuple[Path, int]:
    root.mkdir(parents=True, exist_ok=True)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_NEW, dir=root))
        if (held := _lock(folder, fcntl.LOCK_EX)) is not None:
            return folder, held


def _write(wanted: Dependencies, folder: Path) -> None:
    (folder / "package.json").write_text(wanted.package)
    if wanted.lock:
        (folder / "package-lock.json").write_text(wanted.lock)


def _publish(staging: Path, folder: Path) -> None:
    """Give an installed folder its name, unless another process was first."""
    try:
        staging.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _remove(folder: Path) -> None:
    """Remove a folder unless somebody holds it."""
    held = _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if held is None:
        return
    gone = folder.with_name(_OLD + folder.name.removeprefix(_OLD))
    with suppress(OSError):
        folder.rename(gone)
    os.close(held)
    shutil.rmtree(gone, ignore_errors=True)


def _lock(folder: Path, kind: int) -> int | None:
    """Open a folder with a lock on it; None where it is gone, or is when the lock is granted."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, kind)
        if _is_at(descriptor, folder):
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None


def _is_at(descriptor: int, folder: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    return False


def _by_use(root: Path) -> Iterator[Path]:
    """Yield the complete folders, the one used last first."""
    used: list[tuple[float, Path]] = []
    for folder in root.iterdir():
        with suppress(FileNotFoundError):
            if not folder.name.startswith((_NEW, _OLD)):
                used.append((folder.stat().st_mtime, folder))
    yield from (folder for _, folder in sorted(used, reverse=True))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _recorded_size(folder: Path) -> int:
    with suppress(OSError, ValueError):
        return int((folder / _SIZE).read_text())
    return 0


def _failure(said: list[str], folder: Path, *, is_ours: bool) -> NotInstallable | NotInstalled:
    """Tell from npm's output whose fault it is. npm's own log file and our folder are nobody's business."""
    errors = [match.group(1) for line in said if (match := _ERROR.match(line))]
    public = [line.replace(f"{folder}/", "") for line in errors if ".log" not in line]
    code = next((line.removeprefix("code ") for line in public if line.startswith("code ")), "no reason given")
    if _CODES.fullmatch(code) and not is_ours:
        return NotInstallable("\n".join(public))
    return NotInstalled(f"npm could not install the dependencies ({code}).")
