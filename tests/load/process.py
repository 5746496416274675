"""A client process: what it is to do comes in as lines of JSON, what it sees goes out as lines of JSON."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

EXIT: Final = 30.0
"""Seconds that a process may take to end once its input has."""


class Died(Exception):
    """A client process ended before its time, which is a mistake of ours."""


def say(**what: Any) -> None:
    """Tell whoever started this process."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def be_nice(step: int) -> None:
    """Give way to the servers that are measured, or with a negative step go before all others, as far as we may."""
    with contextlib.suppress(OSError):
        os.nice(step)


async def commands() -> asyncio.StreamReader:
    """Return what comes in, line by line."""
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


@dataclass(eq=False)
class Child:
    """A client process that runs."""

    process: asyncio.subprocess.Process
    takes: Callable[[Mapping[str, Any]], None]
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    """The last that it said of each thing."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, **what: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")

    async def until(self, is_so: Callable[[Mapping[str, Any]], bool], *, patience: float) -> None:
        """Wait until its state is so. Raises TimeoutError, and Died."""
        async with asyncio.timeout(patience):
            while not is_so(self.state):
                self._news.clear()
                await self._news.wait()
                if self.process.returncode:
                    raise Died(f"a client process ended with status {self.process.returncode}")

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            self.state.update(said)
            self.takes(said)
            self._news.set()
        await self.process.wait()
        self._news.set()


@asynccontextmanager
async def child(
    module: str, *, takes: Callable[[Mapping[str, Any]], None] = lambda _: None, **task: Any
) -> AsyncGenerator[Child]:
    """Run `python -m tests.load.<module>` within the block, with a task as its first line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.load.{module}"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    running = Child(process, takes)
    reading = asyncio.create_task(running.read())
    running.tell(**task)
    try:
        yield running
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(reading), EXIT)
        except TimeoutError:
            process.kill()
            await reading
    if process.returncode:
        raise Died(f"tests.load.{module} ended with status {process.returncode}")
