"""Where a program of ours looks at what somebody else wrote: a Node that can do little but read that.

Always: an empty environment, no input, limits of CPU, memory and time, no file that it could write, and an end for all
of its processes when ours ends or does not want it any more. Node's own permissions, where it has them, keep it from
other files, from other processes and from native code. Where bubblewrap works there is also no network, and a file
system that holds nothing but Node and what it is shown.
"""

import asyncio
import re
import shutil
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.platforms.process import run

_LIMITS: Final = Path(__file__).with_name("limits.py")
_MIB: Final = 1024 * 1024
_SYSTEM: Final = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/nix/store")
"""Where the libraries are that a node may be linked with."""
_ALONE: Final = (
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--cap-drop",
    "ALL",
    "--dev",
    "/dev",
)
_PERMISSIONS: Final = ("--permission", "--experimental-permission")
"""Names of the flag, the better first: https://nodejs.org/api/permissions.html"""
_NODE_MEMORY: Final = 768
"""MiB. Node 24 reserves 512 for the code that it compiles, which count as used (measured; Node 20 does not)."""
_MOST_LINES: Final = 1_000
_TAIL: Final = 100
_EXCEPTION: Final = re.compile(r"\w*Error\b.*")
_PROBE_SECONDS: Final = 20


class NoNode(Exception):
    """There is no Node on this machine that works."""


class BrokenOff(Exception):
    """The program did not come to its end; the message says why. `lines` are what it had written."""

    def __init__(self, why: str, lines: Sequence[str]) -> None:
        super().__init__(why)
        self.lines = tuple(lines)


@frozen
class Limits:
    """What one run may take."""

    seconds: float = 60
    memory: int = 1024
    """MiB of JavaScript objects. Half as much may come on top for what is none, and what Node needs to begin."""


@frozen
class Walls:
    """What this machine has to keep a Node in."""

    node: Path
    permissions: str | None
    """The flag that switches Node's permissions on."""
    bubblewrap: Path | None
    """The program, where it is there and works."""

    def command(self, script: Path, arguments: Sequence[str], readable: Sequence[Path], *, memory: int) -> list[str]:
        shown = [script, *readable]
        allowed = [f"--allow-fs-read={path}{'/*' if path.is_dir() else ''}" for path in shown]
        node = [str(self.node), "--no-warnings", f"--max-old-space-size={memory}"]
        permitted = [self.permissions, *allowed] if self.permissions else []
        return [*self.around(shown), *node, *permitted, str(script), *arguments]

    def around(self, readable: Sequence[Path]) -> list[str]:
        """Return what stands before a command to keep it from everything but libraries, Node and `readable`."""
        if self.bubblewrap is None:
            return []
        system = [word for path in _SYSTEM for word in ("--ro-bind-try", path, path)]
        shown = [word for path in (self.node, *readable) for word in ("--ro-bind", str(path), str(path))]
        return [str(self.bubblewrap), *_ALONE, *system, *shown, "--remount-ro", "/", "--chdir", "/"]


@frozen
class Sandbox:
    """Runs Node scripts of ours. `search_path` is where node and bwrap are looked for, as in PATH."""

    search_path: str
    limits: Limits = Limits()
    bubblewrap: bool = True
    """Whether to use it where it works."""
    _found: list[Walls] = field(default_factory=list[Walls], init=False)

    async def run(self, script: Path, arguments: Sequence[str], *, readable: Sequence[Path]) -> tuple[str, ...]:
        """Run a script that may read the files and folders of `readable` (no links), and return the lines it writes.

        Raises NoNode, and BrokenOff where it exceeds a limit or ends with a status other than 0.
        """
        walls = await self.walls()
        limits = self.limits
        command = walls.command(script, arguments, readable, memory=limits.memory)
        lines, said = _Lines(maxlen=_MOST_LINES), _Lines(maxlen=_TAIL)
        try:
            async with asyncio.timeout(limits.seconds):
                status = await _limited(command, limits, lines, said)
        except TimeoutError as error:
            raise BrokenOff(f"It did not end within {limits.seconds:g} seconds.", lines) from error
        if status:
            raise BrokenOff(_why(status, said, limits), lines)
        return tuple(lines)

    async def walls(self) -> Walls:
        """Find out, by trying, what there is on this machine. Raises NoNode."""
        if not self._found:
            self._found.append(await self._look())
        return self._found[0]

    async def _look(self) -> Walls:
        node = _program("node", self.search_path)
        if node is None:
            raise NoNode
        bare = Walls(node, None, None)
        flags = await self._ask(bare, "-p", "[...process.allowedNodeEnvironmentFlags].join('\\n')")
        if flags is None:
            raise NoNode
        permissions = next((flag for flag in _PERMISSIONS if flag in flags), None)
        bubblewrap = _program("bwrap", self.search_path) if self.bubblewrap else None
        # it may be there and not work: a container often may not make namespaces
        works = bubblewrap and await self._ask(Walls(node, None, bubblewrap), "--version")
        return Walls(node, permissions, bubblewrap if works else None)

    async def _ask(self, walls: Walls, *arguments: str) -> list[str] | None:
        lines, said = _Lines(maxlen=_MOST_LINES), _Lines(maxlen=_TAIL)
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                status = await _limited([*walls.around([]), str(walls.node), *arguments], self.limits, lines, said)
        except TimeoutError:
            return None
        return None if status else list(lines)


_Lines = deque[str]


def _program(name: str, search_path: str) -> Path | None:
    path = shutil.which(name, path=search_path)
    return Path(path).resolve() if path else None


def restrained(command: Sequence[str], *, seconds: float, memory: int, largest_file: int = 0) -> list[str]:
    """Put limits on a command: CPU for `seconds` on two cores, MiB of memory, bytes of a file that it writes."""
    numbers = (2 * int(seconds + 1), memory * _MIB, largest_file)
    return [sys.executable, "-I", "-S", str(_LIMITS), *map(str, numbers), *command]


async def _limited(command: Sequence[str], limits: Limits, lines: _Lines, said: _Lines) -> int:
    async def keep(text: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        (said if from_stderr else lines).append(text)

    held = restrained(command, seconds=limits.seconds, memory=limits.memory + limits.memory // 2 + _NODE_MEMORY)
    return await run(held, cwd=Path("/"), environment={}, on_line=keep, grace=0)


def _why(status: int, said: _Lines, limits: Limits) -> str:
    text = "\n".join(said).lower()
    if any(sign in text for sign in ("out of memory", "allocation failed", "memory_allocation", "bad_alloc")):
        return f"It needed more memory than {limits.memory} MiB."
    thrown = next((line for line in said if _EXCEPTION.match(line)), "")
    return f"It ended with status {status}. {thrown[:300]}".rstrip()
