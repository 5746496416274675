"""How a program of the user's runs on this machine: watched line by line, and never left behind."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from services.core import lifeline
from services.platforms.output import LineSplitter

T = TypeVar("T")

OnLine = Callable[[str, bool], Awaitable[None]]
"""Takes a line of output, and whether it came from stderr. The program waits while its lines are not taken."""


async def run(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], on_line: OnLine, grace: float
) -> int:
    """Run a command to its end and return its exit status: 128 and the number of a signal, 127 if it did not start.

    It sees exactly `environment`. Cancelling the call stops the command and all that it started, first by SIGTERM and
    `grace` seconds later by SIGKILL; the call ends when they have. If this process dies, they end all the same.
    """
    starting = asyncio.create_task(lifeline.start(command, environment=environment, grace=grace, cwd=cwd, output=PIPE))
    try:
        process = await asyncio.shield(starting)
        async with asyncio.TaskGroup() as group:
            group.create_task(_read(process.stdout, on_line, from_stderr=False))
            group.create_task(_read(process.stderr, on_line, from_stderr=True))
        return await process.wait()
    finally:
        await to_the_end(_stop(starting))


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await work that must not be left half done: a cancellation that comes meanwhile takes effect after it."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()  # marks it as seen: the cancellation is what counts
        raise cancelled
    return task.result()


async def ended(task: "asyncio.Task[Any]") -> None:
    """Await a task, whichever way it ends."""
    await asyncio.wait({task})


async def _stop(starting: "asyncio.Task[Process]") -> None:
    process = await starting
    lifeline.stop(process)
    for output in (process.stdout, process.stderr):
        while output is not None and await output.read(65_536):
            pass
    await process.wait()


async def _read(output: asyncio.StreamReader | None, on_line: OnLine, *, from_stderr: bool) -> None:
    if output is None:
        return
    splitter = LineSplitter()
    while data := await output.read(65_536):
        for line in splitter.feed(data):
            await on_line(line, from_stderr)
    for line in splitter.end():
        await on_line(line, from_stderr)
