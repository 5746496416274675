"""Child processes that never outlive us: under a supervisor that ends them when the pipe to it closes."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

_SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")


async def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    grace: float,
    cwd: Path | None = None,
    output: int | IO[Any] | None = None,
) -> Process:
    """Start a command that sees exactly `environment`.

    Its exit status is 128 and the number of a signal, and 127 where it did not start. `stop`, or our own death (even
    by SIGKILL), ends it and all that it started: by SIGTERM, and `grace` seconds later by SIGKILL. A terminal's Ctrl-C
    does not reach it. `output` is where both its outputs go; None means ours.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        str(_SUPERVISOR),
        str(grace),
        *command,
        stdin=PIPE,
        stdout=output,
        stderr=output,
        cwd=cwd,
        env=dict(environment),
        start_new_session=True,
    )


def stop(process: Process) -> None:
    """Ask a process that was started here to end, with all that it started; await `process.wait()` for its end."""
    if process.stdin is not None:
        process.stdin.close()
