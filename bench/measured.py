"""A process from outside, as the operating system counts it: memory, CPU, threads, descriptors."""  # noqa: INP001 - benchmarks are not a package

import os
import resource
from pathlib import Path
from typing import Final

_PAGE: Final = resource.getpagesize()
_TICK: Final = os.sysconf("SC_CLK_TCK")


class Measured:
    """Raises FileNotFoundError once the process has ended."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

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
        """Of all its threads, in ticks of a hundredth of a second."""
        user, system = (self._folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICK
