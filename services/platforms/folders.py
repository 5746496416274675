"""Folders that any number of processes share: held while they are used, and removed when others need the room.

Whoever uses a folder holds a shared lock on it (flock), and nobody removes one that is held. A folder appears under its
name by one renaming, complete.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.platforms.process import to_the_end

_GIB: Final = 1024**3
_NEW: Final = "new-"
_OLD: Final = "old-"
_SIZE: Final = "size"


@frozen
class Room:
    """How much is kept; what was used longest ago goes first."""

    folders: int = 16
    bytes: int = 4 * _GIB
    """Of all folders, and a quarter of it of each."""


def make_room(root: Path, room: Room) -> None:
    """Remove what was used longest ago, and what installs and removals that broke off have left. Blocks."""
    size = 0
    for number, folder in enumerate(_by_use(root), 1):
        size += _recorded_size(folder)
        if number > room.folders or size > room.bytes:
            _remove(folder)
    for folder in (*root.glob(f"{_NEW}*"), *root.glob(f"{_OLD}*")):
        _remove(folder)


def hold(folder: Path) -> int | None:
    """Lock a folder for use; None where it is not there. Others lock it exclusively only while they rename it."""
    held = _lock(folder, fcntl.LOCK_SH)
    if held is not None:
        os.utime(held)
    return held


@asynccontextmanager
async def staged(root: Path) -> AsyncGenerator[Path, None]:
    """Make a folder to install in, locked, so that whoever finds it unlocked knows that its maker is gone."""
    folder, held = _new(root)
    try:
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


def publish(staging: Path, folder: Path) -> None:
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


def measure(folder: Path) -> int:
    """Return the bytes in a folder, and note them for `make_room`. Blocks."""
    size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    (folder / _SIZE).write_text(str(size))
    return size


def _recorded_size(folder: Path) -> int:
    with suppress(OSError, ValueError):
        return int((folder / _SIZE).read_text())
    return 0
