"""A small program that runs a command and takes everything the command started down with it.

    python -I -S supervisor.py GRACE COMMAND [ARGUMENT...]

Its standard input is a lifeline. When that reaches its end, because whoever holds the other end closed it or died (even
by SIGKILL), the command and all its descendants get SIGTERM, and SIGKILL after GRACE seconds. When the command ends by
itself, what it left running ends the same way. The program exits when nobody is left, with the command's status, or 128
and the signal's number, or 127 where the command could not start.

It imports nothing of the product, and on Linux it also finds descendants that left the command's process group.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_LIFELINE: Final = 0
_PR_SET_CHILD_SUBREAPER: Final = 36  # prctl(2)
_NOT_STARTED: Final = 127


class Family:
    """A command and its descendants. Its leader is collected last, so that its process group keeps its number."""

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def leader_has_ended(self) -> bool:
        return os.waitid(os.P_PID, self._leader, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def is_alive(self) -> bool:
        """Say whether anyone is left, after collecting the dead."""
        others = [pid for pid in _children() if pid != self._leader]
        return bool([pid for pid in others if os.waitpid(pid, os.WNOHANG)[0] == 0]) or not self.leader_has_ended()

    def signal(self, number: signal.Signals) -> None:
        """Signal the process group, and those outside it whose parents have gone."""
        _send(lambda: os.killpg(self._leader, number))
        for pid in _children():
            _send(lambda pid=pid: os.kill(pid, number))

    def collect(self) -> int:
        status = os.waitstatus_to_exitcode(os.waitpid(self._leader, 0)[1])
        return status if status >= 0 else 128 - status


def main(grace: float, command: list[str]) -> int:
    alarm = _alarm()
    _adopt_orphans()
    try:
        leader = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - the purpose
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return _NOT_STARTED
    family = Family(leader.pid)
    while not family.leader_has_ended():
        ready = _wait(alarm, _LIFELINE, seconds=None)
        if _LIFELINE in ready and not os.read(_LIFELINE, 1024):
            break
    _end(family, alarm, grace)
    leader.returncode = family.collect()
    return leader.returncode


def _end(family: Family, alarm: int, grace: float) -> None:
    deadline = time.monotonic() + grace
    if family.is_alive():
        family.signal(signal.SIGTERM)
    while family.is_alive() and time.monotonic() < deadline:
        _wait(alarm, seconds=max(0.0, deadline - time.monotonic()))
    family.signal(signal.SIGKILL)
    while family.is_alive():
        family.signal(signal.SIGKILL)  # again: orphans become our children one generation at a time
        _wait(alarm, seconds=0.05)


def _send(kill: Callable[[], None]) -> None:
    try:
        kill()
    except (ProcessLookupError, PermissionError):
        return  # it has ended meanwhile; macOS says EPERM of a group of zombies


def _children() -> list[int]:
    """List our direct children; none where there is no /proc."""
    return [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if _parent(stat) == os.getpid()]


def _parent(stat: Path) -> int | None:
    try:
        return int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, even of those in sessions of their own."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _alarm() -> int:
    """Return a descriptor that becomes readable when a child ends. Nothing but the lifeline tells us to stop."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _wake)
    return reader


def _wake(_number: int, _frame: object) -> None:
    """Do nothing: having a handler is what makes the descriptor readable."""


def _wait(alarm: int, *others: int, seconds: float | None) -> list[int]:
    ready: list[int] = select.select([alarm, *others], [], [], seconds)[0]
    if alarm in ready:
        os.read(alarm, 1024)
    return ready


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
