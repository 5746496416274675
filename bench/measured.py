"""A process from outside, as the operating system counts it: memory, CPU, threads, descriptors."""  # noqa: INP001 - benchmarks are not a package

import resource
import time
from pathlib import Path
from typing import Final

_PAGE: Final = resource.getpagesize()
_SCHEDULED: Final = 2
"""Names a process's CPU clock, with its id: clock_getcpuclockid(3), which Python has for threads only."""


class Measured:
    """Raises FileNotFoundError once the process has ended."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._clock = (~pid << 3) | _SCHEDULED

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return int((self._folder / "statm").read_text().split()[1]) * _PAGE

    @property
    def threads(self) -> int:
        return sum(1 for _ in (self._folder / "task").iterdir())

    @property
    def descriptors(self) -> int:
        return sum(1 for _ in (self._folder / "fd").iterdir())

    @property
    def seconds(self) -> float:
        """Of all its threads, to the nanosecond."""
        return time.clock_gettime(self._clock)
