"""The installed command as tests run it: a process of its own, which never outlives its test."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from services.core.frozen import frozen

PROGRAM: Final = Path(sys.executable).with_name("snapinfra")
STOP_TIMEOUT: Final = 20
"""Seconds that a process gets to end after a test before it is killed."""


@frozen
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


async def snapinfra(*arguments: str | Path, folder: Path, **settings: str) -> Ended:
    """Run a command in a folder, with no other settings than the given, to its end."""
    async with started(*arguments, folder=folder, **settings) as process, asyncio.timeout(180):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def started(*arguments: str | Path, folder: Path, **settings: str) -> AsyncGenerator[Process]:
    """Run a command for the length of the block; what of it still runs then is ended."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", **settings},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    """Ask a process to end, so that it ends its own; kill them all where it does not."""
    if process.returncode is not None:
        return
    family = [process.pid, *descendants(process.pid)]
    process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.communicate(), STOP_TIMEOUT)
    kill(family[1:] if process.returncode is not None else family)
    await process.wait()


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and theirs. Where there is no /proc, it finds none."""
    parents: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parents[int(file.parent.name)] = int(file.read_text().rpartition(") ")[2].split()[1])
    found = [pid]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


def listening(pid: int) -> list[str]:
    """Return the addresses and ports on which a process listens, in the kernel's hexadecimal form; none if it ends."""
    folder = Path(f"/proc/{pid}")
    sockets, lines = set[str](), list[str]()
    with suppress(OSError):  # it has ended
        for file in (folder / "fd").iterdir():
            with suppress(OSError):  # it has been closed
                sockets.add(str(file.readlink()))
        lines = [line for name in ("tcp", "tcp6") for line in (folder / "net" / name).read_text().splitlines()[1:]]
    rows = [line.split() for line in lines]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
